#pragma once
#include <string>
#include <string_view>

namespace lineshaft::api {

/// `text` as a QR code for a terminal: two modules per letter of half blocks, a quiet zone of two,
/// dark on light whatever the terminal's colours (ANSI). Empty when it does not fit (2,331 bytes).
std::string qr_for_terminal(std::string_view text);

/// The modules themselves, row by row, true is dark, without quiet zone; empty as above.
struct QrModules {
    std::size_t width = 0;
    std::string dark;  ///< width * width bytes, '1' or '0'
};
QrModules qr_modules(std::string_view text);

}  // namespace lineshaft::api
