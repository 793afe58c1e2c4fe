/* Listeners that nobody takes off again would only be a line among the reporter's: here they fail the run. */
process.on("warning", (warning) => {
  if (warning.name === "MaxListenersExceededWarning") throw warning;
});
