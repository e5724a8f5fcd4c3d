#pragma once

// One function, compiled for several families of processors; the loader picks when the program
// starts. Sanitizers cannot follow that, and only g++ does it well.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LINESHAFT_VECTORS \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LINESHAFT_VECTORS
#endif
