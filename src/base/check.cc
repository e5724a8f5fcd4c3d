#include "base/check.h"

#include <cstdio>

namespace lineshaft {

void check_failed(const char* expression, const char* file, int line) {
    // No logger here: it may be what is broken.
    std::fprintf(stderr, "CHECK failed: %s at %s:%d\n", expression, file, line);
    std::fflush(stderr);
    __builtin_trap();
}

}  // namespace lineshaft
