// What a library built with the feature `testing` exports besides its lanes; see bindings/src/testing.rs.
#ifndef C_ENGINE_TESTING_H
#define C_ENGINE_TESTING_H

#include <stdint.h>

void nowait_testing_panic_next(void);
void nowait_testing_replay_begin(void);
void nowait_testing_replay_tick(uint64_t at_ns, uint64_t boot_ns, uint64_t wall_unix_ms);
void nowait_testing_replay_measured(uint32_t kind, uint32_t outcome, uint32_t flags, uint32_t name, uint32_t screen,
                                    uint64_t started_ns, uint64_t duration_ns, uint64_t journey, uint64_t a, uint64_t b);
void nowait_testing_replay_refused(void);
void nowait_testing_replay_died(uint64_t at_ns);
uint32_t nowait_testing_replay_presence(void);
uint64_t nowait_testing_replay_lost(void);
uint64_t nowait_testing_replay_end(void);
uint64_t nowait_testing_replay_event(uint64_t index, uint32_t field);

#endif
