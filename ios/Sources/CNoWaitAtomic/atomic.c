// Everything else is in the header, so that it is inlined.
#include "CNoWaitAtomic.h"

bool nowait_test_listens = false;
