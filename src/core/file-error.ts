import { messageOf } from "./errors.ts";

const texts: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "part of the path is not a directory",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many levels of symbolic links",
  EMFILE: "the process has too many open files",
  ENFILE: "the system has too many open files",
  ENOSPC: "the limit of inotify watches is reached (fs.inotify.max_user_watches)",
};

/** An error of the file system in words. */
export function fileErrorText(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return texts[code] ?? messageOf(error);
}
