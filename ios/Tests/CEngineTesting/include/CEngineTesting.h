// What a library built with the feature `testing` exports besides its lanes; see bindings/src/testing.rs.
#ifndef C_ENGINE_TESTING_H
#define C_ENGINE_TESTING_H

#include <stdint.h>

void nowait_testing_panic_next(void);
void nowait_testing_replay_begin(void);
void nowait_testing_replay_tick(uint64_t at_ns);
uint64_t nowait_testing_replay_end(void);
uint64_t nowait_testing_replay_event(uint64_t index, uint32_t field);

#endif
