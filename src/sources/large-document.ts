/** Bytes of a document from which reading it holds up requests for longer than some milliseconds. */
export const largeDocument = 256 * 1024;
