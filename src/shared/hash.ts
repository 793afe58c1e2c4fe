/**
 * The SHA-256 of texts (as UTF-8) and bytes, one after the other. Node takes some milliseconds to load its cryptography, so whoever
 * hashes first has it loaded: a host that starts this program waits for its tools only.
 */
export function sha256(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
