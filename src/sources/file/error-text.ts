import { messageOf } from "../fault.ts";

const texts: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is not a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "its symbolic links lead in a circle",
  EMFILE: "the process has too many open files",
  ENFILE: "the system has too many open files",
  ENOSPC: "the limit of watches is reached (fs.inotify.max_user_watches)",
};

/** An error of the file system in words. */
export function errorText(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return texts[code] ?? messageOf(error);
}
