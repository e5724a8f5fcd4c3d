// A disk that takes its time: delays fsync and fdatasync of the process it is preloaded into (tests/slow_disk.mjs).
//   SLOW_DISK=even     each 20 to 200 ms (default)
//   SLOW_DISK=hiccup   one in forty a second, the others 0 to 10 ms
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t next_random(void) {
    static __thread uint64_t state;
    if (state == 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        state = ((uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)gettid() << 32) | 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1du >> 11;
}

static void take_time(void) {
    const char* mode = getenv("SLOW_DISK");
    const int has_hiccups = mode != NULL && strcmp(mode, "hiccup") == 0;
    uint64_t ms = 20 + next_random() % 180;
    if (has_hiccups) ms = next_random() % 40 == 0 ? 1000 : next_random() % 10;
    struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    const int kept = errno;
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
    errno = kept;
}

int fsync(int fd) {
    static int (*next)(int);
    if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    take_time();
    return next(fd);
}

int fdatasync(int fd) {
    static int (*next)(int);
    if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    take_time();
    return next(fd);
}
