// docs/formats/backup.md: header, then frames. Frame n proves that it is frame n of this archive
// and unchanged: with a key by AES-256-GCM, without by XXH3. The last one says that it is the last.
#include "app/backup_archive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>

#include "base/bytes.h"
#include "base/hash.h"
#include "io/fd.h"
#include "trust/running_digest.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;

constexpr std::string_view magic = "LSBACKUP";
constexpr std::string_view no_backup = " is not a backup: give a file that `lineshaft backup` made";
constexpr std::uint8_t format_version = 1;
constexpr std::uint8_t encrypted_flag = 1;
constexpr std::size_t salt_bytes = 32;
constexpr std::size_t header_bytes = 8 + 2 + salt_bytes + 8;  // magic, version, flags, salt, hash
constexpr std::size_t piece_bytes = 256 << 10;
constexpr std::size_t frame_bytes_max = piece_bytes + 1024;
constexpr std::size_t manifest_bytes_max = 64 << 20;
constexpr std::size_t hash_bytes = 8;

enum FrameKind : char { file_frame = 'F', data_frame = 'D', manifest_frame = 'M', end_frame = 'E' };

std::unexpected<Error> system_failure(const std::string& doing) {
    const int number = errno;
    Code code = Code::unavailable;
    if (number == ENOENT) code = Code::not_found;
    if (number == EACCES || number == EPERM || number == EROFS) code = Code::denied;
    if (number == EEXIST) code = Code::conflict;
    if (number == ENOSPC || number == EDQUOT) code = Code::exhausted;
    return fail(code, doing + ": " + std::generic_category().message(number));
}

std::string associated(std::uint64_t frame) {
    return fmt::format("lineshaft backup frame {}", frame);
}

// The same key may encrypt many archives: each has one of its own, made from its salt.
trust::SealKey archive_key(const trust::SealKey& key, std::string_view salt) {
    return key.derive("backup " + to_hex(as_bytes(salt)));
}

Result<void> sync_directory_of(const std::string& path) {
    std::string parent = std::filesystem::path(path).parent_path().string();
    if (parent.empty()) parent = ".";
    const io::Fd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open() || ::fsync(directory.number()) != 0)
        return system_failure("sync " + parent);
    return {};
}

}  // namespace

std::string encode(const Manifest& manifest) {
    json::array files;
    for (const auto& file : manifest.files) {
        files.push_back(json::object{
            {"path", file.path}, {"size", file.size_bytes}, {"sha256", file.sha256}});
    }
    return json::serialize(json::object{{"format", format_version},
                                        {"program", manifest.program},
                                        {"node", manifest.node},
                                        {"created_at", to_rfc3339(manifest.created_at)},
                                        {"sequence", manifest.sequence},
                                        {"schema", manifest.schema},
                                        {"files", std::move(files)}});
}

Result<Manifest> decode_manifest(std::string_view text) {
    boost::system::error_code problem;
    const json::value parsed = json::parse({text.data(), text.size()}, problem);
    if (problem || !parsed.is_object()) return fail(Code::corrupt, "the manifest is no JSON");
    try {
        const auto& object = parsed.as_object();
        if (object.at("format").to_number<int>() != format_version)
            return fail(Code::unsupported,
                        "a later program wrote this backup: use that version of lineshaft");
        Manifest manifest;
        manifest.program = std::string(object.at("program").as_string());
        manifest.node = std::string(object.at("node").as_string());
        TRY(manifest.created_at, parse_rfc3339(std::string(object.at("created_at").as_string())));
        manifest.sequence = object.at("sequence").to_number<std::uint64_t>();
        manifest.schema = object.at("schema").to_number<std::int64_t>();
        for (const auto& one : object.at("files").as_array()) {
            const auto& file = one.as_object();
            manifest.files.push_back({std::string(file.at("path").as_string()),
                                      file.at("size").to_number<std::uint64_t>(),
                                      std::string(file.at("sha256").as_string())});
        }
        return manifest;
    } catch (const std::exception& why) {  // Boost.JSON's accessors
        return fail(Code::corrupt, fmt::format("the manifest is incomplete: {}", why.what()));
    }
}

bool is_safe_path(std::string_view path) {
    if (path.empty() || path.size() > 255 || path.front() == '/') return false;
    if (path.find('\0') != path.npos || path.find('\\') != path.npos) return false;
    for (std::string_view rest = path; !rest.empty();) {
        const auto slash = rest.find('/');
        const std::string_view part = rest.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == rest.npos) break;
        rest.remove_prefix(slash + 1);
        if (rest.empty()) return false;
    }
    return true;
}

struct ArchiveWriter::State {
    State(std::string at, io::Fd opened) : path(std::move(at)), file(std::move(opened)) {}
    ~State() {
        if (!is_finished) ::unlink(part().c_str());
    }
    std::string part() const { return path + ".part"; }

    Result<void> write(std::string_view bytes) {
        written += bytes.size();
        while (!bytes.empty()) {
            const ssize_t count = ::write(file.number(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return system_failure("write " + part());
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }

    Result<void> frame(FrameKind kind, std::string_view payload) {
        std::string body(1, kind);
        body += payload;
        if (key) {
            TRY(body, trust::seal(*key, body, associated(frames)));
        } else {
            Writer(body).put_le(hash64(body, frames));
        }
        ++frames;
        std::string length;
        Writer(length).put_le(static_cast<std::uint32_t>(body.size()));
        TRY_VOID(write(length));
        return write(body);
    }

    const std::string path;
    io::Fd file;
    std::optional<trust::SealKey> key;
    std::uint64_t frames = 0;
    std::uint64_t written = 0;
    bool is_finished = false;
};

ArchiveWriter::ArchiveWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ArchiveWriter::ArchiveWriter(ArchiveWriter&&) noexcept = default;
ArchiveWriter::~ArchiveWriter() = default;

Result<ArchiveWriter> ArchiveWriter::create(const std::string& path,
                                            const std::optional<trust::SealKey>& key) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) == 0) {
        return fail(Code::conflict, path + " exists already; backups never replace anything");
    }
    const std::string part = path + ".part";
    // One that an earlier, broken attempt left behind is worth nothing.
    io::Fd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return system_failure("create " + part);
    auto state = std::make_unique<State>(path, std::move(file));
    const std::string salt = trust::random_bytes(salt_bytes);
    if (key) state->key = archive_key(*key, salt);
    std::string header(magic);
    Writer write(header);
    write.put_le(format_version);
    write.put_le(static_cast<std::uint8_t>(key ? encrypted_flag : 0));
    write.put(salt);
    write.put_le(hash64(header));
    TRY_VOID(state->write(header));
    return ArchiveWriter(std::move(state));
}

Result<void> ArchiveWriter::begin_file(std::string_view path, std::uint64_t size_bytes) {
    std::string payload;
    Writer write(payload);
    write.put_le(size_bytes);
    write.put(path);
    return state_->frame(file_frame, payload);
}

Result<void> ArchiveWriter::add(std::string_view bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), piece_bytes))) {
        TRY_VOID(state_->frame(data_frame, bytes.substr(0, piece_bytes)));
    }
    return {};
}

Result<void> ArchiveWriter::finish(const Manifest& manifest) {
    const std::string text = encode(manifest);
    for (std::string_view rest = text; !rest.empty();
         rest.remove_prefix(std::min(rest.size(), piece_bytes))) {
        TRY_VOID(state_->frame(manifest_frame, rest.substr(0, piece_bytes)));
    }
    TRY_VOID(state_->frame(end_frame, {}));
    if (::fsync(state_->file.number()) != 0) return system_failure("sync " + state_->part());
    if (::rename(state_->part().c_str(), state_->path.c_str()) != 0)
        return system_failure("rename to " + state_->path);
    state_->is_finished = true;
    return sync_directory_of(state_->path);
}

std::uint64_t ArchiveWriter::size_bytes() const {
    return state_->written;
}

namespace {

class ArchiveReader {
public:
    ArchiveReader(std::string path, ArchiveSink& sink, const ShowProgress& show)
        : path_(std::move(path)), sink_(sink), show_(show) {}

    Result<Manifest> run(const std::optional<trust::SealKey>& key) {
        TRY_VOID(open(key));
        while (!is_ended_) {
            TRY_VOID(take_frame());
            if (show_ && !show_(at_, total_))
                return fail(Code::cancelled, "reading " + path_ + " was stopped");
        }
        if (at_ != total_) return damaged("bytes follow the end");
        TRY(auto manifest, decode_manifest(manifest_));
        TRY_VOID(compare(manifest));
        return manifest;
    }

private:
    std::unexpected<Error> damaged(const std::string& what) const {
        const std::string where = current_ ? fmt::format(" (inside {})", current_->path) : "";
        return fail(Code::corrupt, fmt::format("backup {} is damaged at byte {}{}: {}", path_,
                                               frame_at_, where, what));
    }

    Result<std::string> read(std::size_t count) {
        if (count > total_ - at_) return damaged("the file ends early");
        std::string bytes(count, '\0');
        for (std::size_t have = 0; have < count;) {
            const ssize_t got = ::read(file_.number(), bytes.data() + have, count - have);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return system_failure("read " + path_);
            if (got == 0) return damaged("the file ends early");
            have += static_cast<std::size_t>(got);
        }
        at_ += count;
        return bytes;
    }

    Result<void> open(const std::optional<trust::SealKey>& key) {
        file_ = io::Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat found{};
        if (!file_.is_open() || ::fstat(file_.number(), &found) != 0)
            return system_failure("open " + path_);
        if (!S_ISREG(found.st_mode)) return fail(Code::invalid, path_ + " is not a file");
        total_ = static_cast<std::uint64_t>(found.st_size);
        if (total_ < header_bytes) return fail(Code::invalid, path_ + std::string(no_backup));
        TRY(const auto header, read(header_bytes));
        if (!header.starts_with(magic)) return fail(Code::invalid, path_ + std::string(no_backup));
        Reader in(as_bytes(header).subspan(magic.size()));
        TRY(const auto version, in.take_le<std::uint8_t>());
        TRY(const auto flags, in.take_le<std::uint8_t>());
        TRY(const Bytes salt, in.take(salt_bytes));
        TRY(const auto hash, in.take_le<std::uint64_t>());
        if (hash != hash64(std::string_view(header).substr(0, header_bytes - hash_bytes)))
            return damaged("bad header");
        if (version != format_version)
            return fail(Code::unsupported, path_ + ": a later program wrote this backup: use that "
                                                   "version of lineshaft");
        if (flags == encrypted_flag && !key)
            return fail(Code::invalid, path_ + " is encrypted: give its key with --key FILE");
        if (flags == 0 && key)
            return fail(Code::invalid, path_ + " is not encrypted: leave out --key");
        if (key) key_ = archive_key(*key, as_text(salt));
        return {};
    }

    Result<std::string> open_frame(std::string body) {
        if (key_) {
            auto plain = trust::unseal(*key_, body, associated(frames_));
            if (plain) return plain;
            return damaged(frames_ == 0 ? "it does not open: wrong key, or changed"
                                        : "changed, or out of its place");
        }
        if (body.size() < hash_bytes + 1) return damaged("impossible frame length");
        const std::string_view payload = std::string_view(body).substr(0, body.size() - hash_bytes);
        Reader tail(as_bytes(body).subspan(payload.size()));
        TRY(const auto hash, tail.take_le<std::uint64_t>());
        if (hash != hash64(payload, frames_)) return damaged("bad checksum");
        body.resize(payload.size());
        return body;
    }

    Result<void> take_frame() {
        frame_at_ = at_;
        TRY(const auto prefix, read(4));
        TRY(const auto length, Reader(as_bytes(prefix)).take_le<std::uint32_t>());
        if (length == 0 || length > frame_bytes_max) return damaged("impossible frame length");
        TRY(auto body, read(length));
        TRY(const auto frame, open_frame(std::move(body)));
        ++frames_;
        if (frame.empty()) return damaged("an empty frame");
        const std::string_view payload = std::string_view(frame).substr(1);
        switch (frame.front()) {
            case file_frame: return begin_file(payload);
            case data_frame: return take_data(payload);
            case manifest_frame:
                if (auto ended = end_file(); !ended) return ended;
                if (manifest_.size() + payload.size() > manifest_bytes_max)
                    return damaged("the manifest is too long");
                manifest_ += payload;
                return {};
            case end_frame: is_ended_ = true; return end_file();
            default: return damaged("an unknown kind of frame");
        }
    }

    Result<void> begin_file(std::string_view payload) {
        TRY_VOID(end_file());
        Reader in(as_bytes(payload));
        TRY(const auto size, in.take_le<std::uint64_t>());
        BackupFile file{std::string(as_text(in.rest())), size, {}};
        if (!is_safe_path(file.path)) return damaged("a path that leads elsewhere");
        if (read_.contains(file.path)) return damaged(file.path + " comes twice");
        current_ = std::move(file);
        left_ = size;
        return sink_.begin_file(current_->path, size);
    }

    Result<void> take_data(std::string_view payload) {
        if (!current_ || payload.size() > left_) return damaged("more bytes than its file has");
        left_ -= payload.size();
        digest_.add(payload);
        return sink_.add(payload);
    }

    Result<void> end_file() {
        if (!current_) return {};
        if (left_ > 0) return damaged(fmt::format("{} bytes are missing", left_));
        current_->sha256 = to_hex(as_bytes(trust::text_of(digest_.finish())));
        TRY_VOID(sink_.end_file());
        read_[current_->path] = *current_;
        current_.reset();
        return {};
    }

    Result<void> compare(const Manifest& manifest) const {
        for (const auto& wanted : manifest.files) {
            const auto found = read_.find(wanted.path);
            if (found == read_.end()) return damaged(wanted.path + " is missing");
            if (!(found->second == wanted))
                return damaged(wanted.path + " is not what the manifest says");
        }
        if (manifest.files.size() != read_.size())
            return damaged("it holds files that the manifest does not name");
        return {};
    }

    const std::string path_;
    ArchiveSink& sink_;
    const ShowProgress& show_;
    io::Fd file_;
    std::optional<trust::SealKey> key_;
    std::uint64_t total_ = 0, at_ = 0, frame_at_ = 0, frames_ = 0, left_ = 0;
    std::optional<BackupFile> current_;
    trust::RunningDigest digest_;
    std::map<std::string, BackupFile> read_;
    std::string manifest_;
    bool is_ended_ = false;
};

}  // namespace

Result<Manifest> read_archive(const std::string& path, const std::optional<trust::SealKey>& key,
                              ArchiveSink& sink, const ShowProgress& show) {
    return ArchiveReader(path, sink, show).run(key);
}

}  // namespace lineshaft::app
