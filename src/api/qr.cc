#include "api/qr.h"

#include <qrencode.h>

#include <memory>

namespace lineshaft::api {
namespace {

constexpr std::size_t quiet =
    2;  // ISO/IEC 18004 asks for 4; phones read 2, and terminals are small

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

bool is_dark(const QrModules& modules, std::size_t row, std::size_t column) {
    if (row < quiet || column < quiet) return false;
    row -= quiet;
    column -= quiet;
    return row < modules.width && column < modules.width &&
           modules.dark[row * modules.width + column] == '1';
}

}  // namespace

QrModules qr_modules(std::string_view text) {
    const std::unique_ptr<QRcode, FreeCode> code(
        QRcode_encodeData(static_cast<int>(text.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_M));
    if (!code) return {};
    QrModules out;
    out.width = static_cast<std::size_t>(code->width);
    for (std::size_t at = 0; at < out.width * out.width; ++at) {
        out.dark += (code->data[at] & 1) != 0 ? '1' : '0';
    }
    return out;
}

std::string qr_for_terminal(std::string_view text) {
    const QrModules modules = qr_modules(text);
    if (modules.width == 0) return {};
    const std::size_t width = modules.width + 2 * quiet;
    std::string out;
    for (std::size_t row = 0; row < width; row += 2) {
        out += "  \x1b[47;30m";  // black on white
        for (std::size_t column = 0; column < width; ++column) {
            const bool upper = is_dark(modules, row, column);
            const bool lower = is_dark(modules, row + 1, column);
            out += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
        }
        out += "\x1b[0m\n";
    }
    return out;
}

}  // namespace lineshaft::api
