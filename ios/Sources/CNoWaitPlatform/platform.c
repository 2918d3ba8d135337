// Two systems: Apple's, by sysctl and Mach; and Linux, by /proc, where the tests run.
#include "CNoWaitPlatform.h"

#include <stdlib.h>
#include <string.h>

bool nowait_is_prewarmed(void) {
    const char *said = getenv("ActivePrewarm");
    return said != NULL && strcmp(said, "1") == 0;
}

#if defined(__APPLE__)
#include <mach/mach.h>
#include <mach/task_policy.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

static bool ask_kernel(struct kinfo_proc *process) {
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid()};
    size_t size = sizeof(*process);
    return sysctl(name, 4, process, &size, NULL, 0) == 0 && size == sizeof(*process);
}

uint64_t nowait_process_age_ns(void) {
    struct kinfo_proc process = {0};
    struct timeval now;
    if (!ask_kernel(&process) || gettimeofday(&now, NULL) != 0) return 0;
    const struct timeval started = process.kp_proc.p_starttime;
    const int64_t age_us = (int64_t)(now.tv_sec - started.tv_sec) * 1000000 + (now.tv_usec - started.tv_usec);
    return age_us > 0 ? (uint64_t)age_us * 1000 : 0;
}

nowait_role nowait_process_role(void) {
    task_category_policy_data_t policy = {0};
    mach_msg_type_number_t count = TASK_CATEGORY_POLICY_COUNT;
    boolean_t wants_default = FALSE;
    if (task_policy_get(mach_task_self(), TASK_CATEGORY_POLICY, (task_policy_t)&policy, &count, &wants_default) != KERN_SUCCESS)
        return nowait_role_unknown;
    return policy.role == TASK_FOREGROUND_APPLICATION ? nowait_role_in_front : nowait_role_other;
}

bool nowait_is_debugged(void) {
    struct kinfo_proc process = {0};
    return ask_kernel(&process) && (process.kp_proc.p_flag & P_TRACED) != 0;
}
#elif defined(__linux__)
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t nowait_process_age_ns(void) {
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "r");
    if (file == NULL) return 0;
    const size_t length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[length] = 0;
    // The name of the program stands in parentheses and may hold anything; the start is the 20th field after it.
    const char *field = strrchr(text, ')');
    for (int skipped = 0; field != NULL && skipped < 20; skipped++) field = strchr(field + 1, ' ');
    unsigned long long ticks = 0;
    struct timespec now;
    if (field == NULL || sscanf(field, "%llu", &ticks) != 1 || clock_gettime(CLOCK_BOOTTIME, &now) != 0) return 0;
    const uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    const uint64_t started_ns = ticks * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK));
    return now_ns > started_ns ? now_ns - started_ns : 0;
}

nowait_role nowait_process_role(void) { return nowait_role_unknown; }

bool nowait_is_debugged(void) {
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) return false;
    char line[256];
    int tracer = 0;
    while (fgets(line, sizeof(line), file) != NULL && sscanf(line, "TracerPid: %d", &tracer) != 1) {}
    fclose(file);
    return tracer != 0;
}
#else
uint64_t nowait_process_age_ns(void) { return 0; }
nowait_role nowait_process_role(void) { return nowait_role_unknown; }
bool nowait_is_debugged(void) { return false; }
#endif
