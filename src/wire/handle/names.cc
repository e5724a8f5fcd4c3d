#include "wire/handle/names.h"

#include <algorithm>
#include <bit>

namespace lineshaft::handle {
namespace {

constexpr char to_capital(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

void append_folded(std::string& out, std::string_view text) {
    const std::size_t before = out.size();
    out.resize(before + text.size());
    std::ranges::transform(text, out.begin() + static_cast<std::ptrdiff_t>(before), to_capital);
}

constexpr std::uint32_t round_constants[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

struct Md5State {
    std::uint32_t a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476;
};

// RFC 1321, 3.4.
void digest_block(Md5State& state, const char* block) {
    std::uint32_t words[16];
    std::memcpy(words, block, sizeof(words));
    if constexpr (std::endian::native == std::endian::big) {
        for (auto& word : words) word = std::byteswap(word);
    }
    auto [a, b, c, d] = state;
    for (unsigned step = 0; step < 64; ++step) {
        std::uint32_t mixed = 0;
        unsigned word = 0;
        switch (step / 16) {
            case 0: mixed = (b & c) | (~b & d); word = step; break;
            case 1: mixed = (d & b) | (~d & c); word = (5 * step + 1) % 16; break;
            case 2: mixed = b ^ c ^ d; word = (3 * step + 5) % 16; break;
            default: mixed = c ^ (b | ~d); word = (7 * step) % 16; break;
        }
        const std::uint32_t sum = a + mixed + round_constants[step] + words[word];
        a = d;
        d = c;
        c = b;
        b += std::rotl(sum, shifts[step / 16][step % 4]);
    }
    state = {state.a + a, state.b + b, state.c + c, state.d + d};
}

}  // namespace

std::string fold(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_folded(out, text);
    return out;
}

Name split_name(std::string_view handle) {
    const auto slash = handle.find('/');
    if (slash == handle.npos) return {"0.NA", std::string(handle)};
    return {std::string(handle.substr(0, slash)), std::string(handle.substr(slash + 1))};
}

void append_canonical(std::string& out, std::string_view handle, bool is_case_sensitive) {
    const auto slash = handle.find('/');
    out.reserve(out.size() + handle.size() + 5);
    if (slash == handle.npos) {
        out += "0.NA/";
        append_folded(out, handle);
    } else if (is_case_sensitive && !handle.starts_with("0.")) {
        append_folded(out, handle.substr(0, slash + 1));
        out += handle.substr(slash + 1);
    } else {
        append_folded(out, handle);
    }
}

std::string canonical(std::string_view handle, bool is_case_sensitive) {
    std::string out;
    append_canonical(out, handle, is_case_sensitive);
    return out;
}

Result<void> check_name(std::string_view handle, const Limits& limits) {
    if (handle.empty()) return fail(Code::invalid, "a handle is empty");
    if (handle.size() > limits.handle_bytes_max) return fail(Code::invalid, "a handle is too long");
    if (!is_utf8(handle)) return fail(Code::invalid, "a handle is no UTF-8");
    if (handle.front() == '/') return fail(Code::invalid, "a handle without a prefix");
    for (const char c : handle) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return fail(Code::invalid, "a handle has control characters");
    }
    return {};
}

std::string prefix_handle(std::string_view prefix) {
    return "0.NA/" + fold(prefix);
}

std::string_view parent_prefix(std::string_view prefix) {
    const auto dot = prefix.rfind('.');
    return dot == prefix.npos ? std::string_view() : prefix.substr(0, dot);
}

bool is_under(std::string_view prefix, std::string_view ancestor) {
    if (!prefix.starts_with(ancestor)) return false;
    return prefix.size() == ancestor.size() || prefix[ancestor.size()] == '.';
}

std::uint32_t partition_hash(std::string_view handle, HashOption by) {
    const auto slash = handle.find('/');
    std::string_view part = handle;
    if (slash != handle.npos && by == HashOption::prefix) part = handle.substr(0, slash);
    if (slash != handle.npos && by == HashOption::suffix) part = handle.substr(slash + 1);
    const std::string digest = md5(fold(part));
    Reader in(as_bytes(std::string_view(digest).substr(12)));
    const std::uint32_t word = in.take_be<std::uint32_t>().value_or(0);
    // abs() of the smallest number is itself in Java; here it is 2^31, and has a server.
    return word > 0x80000000 ? 0 - word : word;
}

const Server* server_for(const Site& site, std::string_view handle) {
    if (site.servers.empty()) return nullptr;
    return &site.servers[partition_hash(handle, site.hash) % site.servers.size()];
}

std::string md5(std::string_view bytes) {
    Md5State state;
    std::size_t at = 0;
    for (; bytes.size() - at >= 64; at += 64) digest_block(state, bytes.data() + at);
    std::string tail(bytes.substr(at));
    tail += '\x80';
    tail.resize((tail.size() + 8 + 63) / 64 * 64 - 8, '\0');
    Writer(tail).put_le(static_cast<std::uint64_t>(bytes.size()) * 8);
    for (at = 0; at < tail.size(); at += 64) digest_block(state, tail.data() + at);
    std::string out;
    Writer to(out);
    to.put_le(state.a);
    to.put_le(state.b);
    to.put_le(state.c);
    to.put_le(state.d);
    return out;
}

}  // namespace lineshaft::handle
