/* A library that is loaded before all others: the clock of the day is as many seconds off as a file says at the moment.
   Clocks that only go forward are left alone, as they are when somebody sets the clock of a real machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long moved(void)
{
    static int file = -1;
    char text[32];
    ssize_t length;

    if (file < 0) {
        const char *path = getenv("MOVED_CLOCK");
        file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    }
    length = file < 0 ? 0 : pread(file, text, sizeof text - 1, 0);
    if (length <= 0)
        return 0;
    text[length] = 0;
    return atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    int done;

    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    done = real(clock, now);
    if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += moved();
    return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec read;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &read);
    now->tv_sec = read.tv_sec;
    now->tv_usec = read.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *kept)
{
    struct timespec read;

    clock_gettime(CLOCK_REALTIME, &read);
    if (kept)
        *kept = read.tv_sec;
    return read.tv_sec;
}
