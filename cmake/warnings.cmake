# Flags every target is compiled with; warnings are errors in presets, never in release tarballs.
add_library(lineshaft_warnings INTERFACE)
target_compile_options(lineshaft_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wno-sign-conversion)
option(LINESHAFT_WERROR "Warnings are errors" OFF)
if(LINESHAFT_WERROR)
  target_compile_options(lineshaft_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these in its own headers and in coroutine frames (GCC PR 105562, PR 105329).
  target_compile_options(lineshaft_warnings INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
    -Wno-dangling-pointer -Wno-mismatched-new-delete)
else()
  # g++ is who warns: clang 19 complains of what g++ 12's library does inside.
  target_compile_options(lineshaft_warnings INTERFACE -w)
endif()

# A compilation ends before its garbage is worth collecting: a twentieth of its time saved.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(--param=ggc-min-heapsize=524288)
endif()

# -fPIE for libraries too, so that one precompiled header serves libraries and programs.
add_compile_options(-fPIE -fstack-protector-strong)
add_link_options(-pie -Wl,-z,relro,-z,now)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT LINESHAFT_SANITIZE)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(LINESHAFT_SANITIZE)
  add_compile_options(-fsanitize=${LINESHAFT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(LINESHAFT_SANITIZE MATCHES "undefined" AND NOT LINESHAFT_FUZZ)
    # What the address sanitizer or the processor reports as well, at a third of the compile time.
    add_compile_options(-fno-sanitize=null,alignment,object-size,vptr)
  endif()
  add_link_options(-fsanitize=${LINESHAFT_SANITIZE})
  add_compile_definitions(BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
endif()
if(LINESHAFT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# Code that waits for people and disks, not for the processor.
add_library(lineshaft_cold INTERFACE)
target_compile_options(lineshaft_cold INTERFACE $<$<CONFIG:Release>:-Og>)

# Tests are compiled faster than what they check: not optimised, and undefined behaviour is looked
# for in the product's code, not in theirs.
add_library(lineshaft_test_flags INTERFACE)
target_link_libraries(lineshaft_test_flags INTERFACE lineshaft_warnings GTest::gmock_main GTest::gmock
  GTest::gtest)
target_compile_options(lineshaft_test_flags INTERFACE -O0 -U_FORTIFY_SOURCE $<$<CONFIG:Release>:-g0>)
if(LINESHAFT_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(lineshaft_test_flags INTERFACE -fno-sanitize=undefined)
endif()
