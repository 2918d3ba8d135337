// SwiftPM wants a source file in a C target; these functions are in the engine.
#include "CEngineTesting.h"
