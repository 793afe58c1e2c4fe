/* Listeners that nobody takes off again would only be a line among the reporter's: here they fail the run. */
function failOnLeak(warning: Error): void {
  if (warning.name === "MaxListenersExceededWarning") throw warning;
}

// Test files may share a process, and each has this file run anew.
if (!process.listeners("warning").some(({ name }) => name === failOnLeak.name)) process.on("warning", failOnLeak);
