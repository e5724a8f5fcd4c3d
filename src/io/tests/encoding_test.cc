#include "io/http/encoding.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace lineshaft::io::http {
namespace {

std::string packed(std::string_view text, int window = 15 + 16) {
    z_stream stream{};
    EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(::deflateBound(&stream, text.size()) + 64, '\0');
    std::string in(text);
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    ::deflateEnd(&stream);
    return out;
}

constexpr int as_zlib = 15;

TEST(Encoding, UndoesWhatItKnows) {
    EXPECT_EQ(*decode("", "plain", 5), "plain");
    EXPECT_EQ(*decode("Identity", "plain", 5), "plain");
    EXPECT_EQ(*decode("gzip", packed("hello"), 100), "hello");
    EXPECT_EQ(*decode("X-GZIP", packed("hello"), 100), "hello");
    EXPECT_EQ(*decode("deflate", packed("hello", as_zlib), 100), "hello");
    EXPECT_EQ(*decode("gzip", packed("one ") + packed("two"), 100), "one two");
    EXPECT_EQ(*decode("gzip", packed(""), 0 + 100), "");
    const std::string large(1'000'000, 'x');
    EXPECT_EQ(*decode("gzip", packed(large), large.size()), large);
}

TEST(Encoding, Control29HoldsItsLimitAndOnePast) {
    EXPECT_EQ(decode("gzip", packed(std::string(1000, 'x')), 1000)->size(), 1000U);
    EXPECT_EQ(decode("gzip", packed(std::string(1001, 'x')), 1000).error().code, Code::exhausted);
    EXPECT_EQ(decode("", std::string(1001, 'x'), 1000).error().code, Code::exhausted);
    // A bomb: 100 MB in 100 KB. It costs no more than the limit.
    const std::string bomb = packed(std::string(100'000'000, '\0'));
    EXPECT_LT(bomb.size(), 200'000U);
    EXPECT_EQ(decode("gzip", bomb, 1 << 20).error().code, Code::exhausted);
}

TEST(Encoding, SaysWhatIsWrong) {
    const std::string good = packed("hello, this is a body");
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_EQ(decode("gzip", good.substr(0, size), 100).error().code, Code::invalid) << size;
    EXPECT_EQ(decode("gzip", "not packed at all", 100).error().code, Code::invalid);
    EXPECT_EQ(decode("gzip", good + "rest", 100).error().code, Code::invalid);
    std::string flipped = good;
    flipped[good.size() - 6] ^= 1;  // of the checksum
    EXPECT_EQ(decode("gzip", flipped, 100).error().code, Code::invalid);
    for (const auto coding : {"br", "zstd", "gzip, gzip"})
        EXPECT_EQ(decode(coding, "x", 100).error().code, Code::unsupported) << coding;
}

}  // namespace
}  // namespace lineshaft::io::http
