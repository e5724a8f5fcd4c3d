#include "io/http/encoding.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

#include "io/pause.h"

namespace lineshaft::io::http {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

enum class Coding { identity, deflated, unknown };

Coding coding_of(std::string_view name) {
    std::string word(name);
    for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (word.empty() || word == "identity") return Coding::identity;
    if (word == "gzip" || word == "x-gzip" || word == "deflate") return Coding::deflated;
    return Coding::unknown;
}

/// Undoes gzip or zlib piece by piece, so that its caller can let others run in between.
class Inflater {
public:
    Inflater(std::string packed, std::size_t bytes_max)
        : packed_(std::move(packed)), bytes_max_(bytes_max) {
        constexpr int gzip_or_zlib = 15 + 32;
        stream_.next_in = reinterpret_cast<Bytef*>(packed_.data());
        stream_.avail_in = static_cast<uInt>(packed_.size());
        is_good_ = ::inflateInit2(&stream_, gzip_or_zlib) == Z_OK;
    }
    ~Inflater() { ::inflateEnd(&stream_); }
    Inflater(const Inflater&) = delete;

    /// True when there is more to do.
    Result<bool> step() {
        if (!is_good_) return fail(Code::exhausted, "no memory to decompress the body");
        const std::size_t before = out_.size();
        // One byte past the limit is asked for, to know that there is more.
        const std::size_t room = std::min(piece_bytes, bytes_max_ + 1 - before);
        out_.resize(before + room);
        stream_.next_out = reinterpret_cast<Bytef*>(out_.data() + before);
        stream_.avail_out = static_cast<uInt>(room);
        const int outcome = ::inflate(&stream_, Z_NO_FLUSH);
        out_.resize(before + room - stream_.avail_out);
        if (out_.size() > bytes_max_) {
            return fail(Code::exhausted,
                        fmt::format("the body is over {} bytes once decompressed", bytes_max_));
        }
        if (outcome == Z_STREAM_END) {
            if (stream_.avail_in == 0) return false;
            // Another gzip member follows (RFC 1952, 2.2).
            if (::inflateReset(&stream_) != Z_OK) return damaged();
            return true;
        }
        // Without progress the input has ended too early.
        if (outcome != Z_OK || (stream_.avail_in == 0 && stream_.avail_out != 0)) return damaged();
        return true;
    }
    std::string take() { return std::move(out_); }

private:
    static std::unexpected<Error> damaged() {
        return fail(Code::invalid, "the body's compression is damaged or cut short");
    }

    std::string packed_;
    std::string out_;
    std::size_t bytes_max_;
    z_stream stream_{};
    bool is_good_ = false;
};

Result<void> check(std::string_view coding, const std::string& body, std::size_t bytes_max) {
    if (coding_of(coding) == Coding::unknown) {
        return fail(
            Code::unsupported,
            fmt::format("Content-Encoding \"{}\"; gzip, deflate and identity are understood",
                        coding));
    }
    if (body.size() > bytes_max) {
        return fail(Code::exhausted, fmt::format("the body is over {} bytes", bytes_max));
    }
    return {};
}

}  // namespace

Result<std::string> decode(std::string_view coding, std::string body, std::size_t bytes_max) {
    TRY_VOID(check(coding, body, bytes_max));
    if (coding_of(coding) == Coding::identity) return body;
    Inflater inflater(std::move(body), bytes_max);
    for (;;) {
        TRY(const bool is_more, inflater.step());
        if (!is_more) return inflater.take();
    }
}

Task<Result<std::string>> decoded_body(Request& request, std::size_t bytes_max) {
    const std::string coding(request.header("content-encoding"));
    CO_TRY_VOID(check(coding, request.body, bytes_max));
    if (coding_of(coding) == Coding::identity) co_return std::move(request.body);
    Inflater inflater(std::move(request.body), bytes_max);
    for (;;) {
        CO_TRY(const bool is_more, inflater.step());
        if (!is_more) co_return inflater.take();
        co_await let_others_run();
    }
}

}  // namespace lineshaft::io::http
