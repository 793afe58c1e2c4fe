/** The SHA-256 of texts (as UTF-8) and bytes, one after the other. Node takes 4 ms to load it: the first who hashes has it loaded. */
export function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
