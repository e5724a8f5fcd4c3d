// For tests: archives that the writer would never write, whose frames are sound.
#pragma once
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"

namespace lineshaft::app::sound {

/// What an archive without a key begins with. docs/formats/backup.md.
inline std::string archive_header() {
    std::string header = "LSBACKUP";
    Writer out(header);
    out.put_le(std::uint8_t{1});
    out.put_le(std::uint8_t{0});
    out.put(std::string(32, 's'));
    out.put_le(hash64(header));
    return header;
}

/// Frame `number`, from 0; `body` begins with its kind.
inline std::string archive_frame(std::uint64_t number, std::string body) {
    const std::uint64_t hash = hash64(body, number);
    Writer(body).put_le(hash);
    std::string frame;
    Writer out(frame);
    out.put_le(static_cast<std::uint32_t>(body.size()));
    return frame + body;
}

inline std::string file_body(std::string_view path, std::uint64_t size_bytes) {
    std::string body = "F";
    Writer out(body);
    out.put_le(size_bytes);
    out.put(path);
    return body;
}

}  // namespace lineshaft::app::sound
