// What the kernel knows of this process and Swift's own library does not say.
//
// Owns: asking. Refuses: what follows from the answers (`Origin`).
// Invariant: what cannot be found out is said to be unknown; nothing here fails, allocates or opens a file on Apple's systems.
#ifndef CNOWAIT_PLATFORM_H
#define CNOWAIT_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

// For whom the kernel runs this process.
typedef enum { nowait_role_unknown = 0, nowait_role_in_front = 1, nowait_role_other = 2 } nowait_role;

// How long ago the kernel started this process, by the wall clock; 0 if unknown.
uint64_t nowait_process_age_ns(void);

// For whom it runs now. Unknown but on Apple's systems.
nowait_role nowait_process_role(void);

// Whether iOS began this process before anybody opened the app (prewarming).
bool nowait_is_prewarmed(void);

// Whether a debugger is attached.
bool nowait_is_debugged(void);

#endif
