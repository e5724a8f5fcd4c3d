// The API's files: Asio, and JSON values in and out.
#pragma once
#include <boost/json.hpp>

#include "pch_asio.h"
