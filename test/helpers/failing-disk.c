// Preloaded into an agent: fails or delays chosen calls on chosen files. The rules are in the file that SPILLWAY_FAULTS names,
// one a line, read again at every call so that a test can change them:
//   CALL PATH ERRNO DELAY FROM TO
// CALL is open, read, write, sync or truncate. PATH is the end of the file's path. ERRNO is 0 for a call that is only late.
// DELAY is in milliseconds. FROM and TO bound the offset of a read or write; of another call both are ignored.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int ends_with(const char *path, const char *end) {
  size_t have = strlen(path), want = strlen(end);
  // A file that was removed or renamed away is no longer the one that is meant.
  return have >= want && strcmp(path + have - want, end) == 0;
}

// Tells the test that a rule was met.
static void mark(const char *rules) {
  char path[4096];
  snprintf(path, sizeof path, "%s.met", rules);
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) syscall(SYS_close, fd);
}

// 0: the call goes on. Otherwise errno is set.
static int fault(const char *call, const char *path, long long at) {
  const char *rules = getenv("SPILLWAY_FAULTS");
  if (rules == NULL) return 0;
  char text[4096];
  int fd = (int)syscall(SYS_openat, AT_FDCWD, rules, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  if (length <= 0) return 0;
  text[length] = 0;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    char rule[16], end[1024];
    int code = 0, delay = 0;
    long long from = 0, to = 0;
    if (sscanf(line, "%15s %1023s %d %d %lld %lld", rule, end, &code, &delay, &from, &to) != 6) continue;
    if (strcmp(rule, call) != 0 || !ends_with(path, end)) continue;
    if (at >= 0 && (at < from || at >= to)) continue;
    mark(rules);
    if (delay > 0) nanosleep(&(struct timespec){delay / 1000, (delay % 1000) * 1000000L}, NULL);
    if (code == 0) return 0;
    errno = code;
    return -1;
  }
  return 0;
}

static int fault_fd(const char *call, int fd, long long at) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fault(call, path, at);
}

static int opening(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  return fault("open", path, -1) ? -1 : real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return opening(REAL(open), path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return opening(REAL(open64), path, flags, mode);
}

ssize_t read(int fd, void *into, size_t size) {
  return fault_fd("read", fd, lseek(fd, 0, SEEK_CUR)) ? -1 : REAL(read)(fd, into, size);
}

ssize_t pread(int fd, void *into, size_t size, off_t at) {
  return fault_fd("read", fd, at) ? -1 : REAL(pread)(fd, into, size, at);
}

ssize_t pread64(int fd, void *into, size_t size, off64_t at) {
  return fault_fd("read", fd, at) ? -1 : REAL(pread64)(fd, into, size, at);
}

ssize_t write(int fd, const void *from, size_t size) {
  return fault_fd("write", fd, lseek(fd, 0, SEEK_CUR)) ? -1 : REAL(write)(fd, from, size);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
  return fault_fd("write", fd, at) ? -1 : REAL(pwrite)(fd, from, size, at);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
  return fault_fd("write", fd, at) ? -1 : REAL(pwrite64)(fd, from, size, at);
}

int fsync(int fd) { return fault_fd("sync", fd, -1) ? -1 : REAL(fsync)(fd); }

int fdatasync(int fd) { return fault_fd("sync", fd, -1) ? -1 : REAL(fdatasync)(fd); }

int ftruncate(int fd, off_t size) { return fault_fd("truncate", fd, -1) ? -1 : REAL(ftruncate)(fd, size); }

int ftruncate64(int fd, off64_t size) { return fault_fd("truncate", fd, -1) ? -1 : REAL(ftruncate64)(fd, size); }
