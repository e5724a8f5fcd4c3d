// Tests of modules that touch Asio.
#pragma once
#include "pch_asio.h"
#include "pch_test.h"
