#include "wire/remote_write/block.h"

#include <fmt/format.h>
#include <snappy.h>

#include <utility>

namespace lineshaft::remote_write {

Result<std::string> unpack(Bytes packed, std::size_t bytes_max, std::string room) {
    const char* const begin = reinterpret_cast<const char*>(packed.data());
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(begin, packed.size(), &size))
        return fail(Code::invalid, "the body is no snappy block");
    if (size > bytes_max) {
        return fail(Code::exhausted,
                    fmt::format("the body is over {} bytes once decompressed", bytes_max));
    }
    // A length without the data for it must not make us allocate: a block's elements copy at most
    // 64 bytes for each two of theirs.
    if (size > 64 * packed.size()) return fail(Code::invalid, "the snappy block is damaged");
    std::string out = std::move(room);
    out.clear();  // or growing would copy what was there
    bool is_good = false;
    out.resize_and_overwrite(size, [&](char* into, std::size_t) {
        is_good = snappy::RawUncompress(begin, packed.size(), into);
        return is_good ? size : 0;
    });
    if (!is_good) return fail(Code::invalid, "the snappy block is damaged");
    return out;
}

}  // namespace lineshaft::remote_write
