#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "trust/seal.h"

// One backup is one file: frames that each prove themselves, the copied files in them, and a
// manifest at the end. Format: docs/formats/backup.md.
namespace lineshaft::app {

struct BackupFile {
    std::string path;  ///< relative to the data directory, with '/'
    std::uint64_t size_bytes = 0;
    std::string sha256;  ///< hex
    bool operator==(const BackupFile&) const = default;
};

/// What a backup says about itself.
struct Manifest {
    std::string program;  ///< version of the program that wrote it
    std::string node;
    Instant created_at;
    std::uint64_t sequence = 0;  ///< a store ticket: everything with a lower one is in the backup
    std::int64_t schema = 0;     ///< of catalog.db
    std::vector<BackupFile> files;
};
std::string encode(const Manifest& manifest);
/// Errors: corrupt, unsupported (a later format).
Result<Manifest> decode_manifest(std::string_view json);

/// Relative, without "." and "..", at most 255 bytes: what may be written below a directory.
bool is_safe_path(std::string_view path);

/// Writes `path`.part (0600) and renames it when it is complete and synced. One thread at a time.
/// Errors of all: exhausted (disk full), denied, unavailable, each naming the file.
class ArchiveWriter {
public:
    /// conflict: `path` exists. With a key every frame is AES-256-GCM.
    static Result<ArchiveWriter> create(const std::string& path,
                                        const std::optional<trust::SealKey>& key);
    ArchiveWriter(ArchiveWriter&&) noexcept;
    ~ArchiveWriter();  ///< removes the unfinished file

    Result<void> begin_file(std::string_view path, std::uint64_t size_bytes);
    Result<void> add(std::string_view bytes);  ///< any number of pieces, `size_bytes` in all
    Result<void> finish(const Manifest& manifest);
    std::uint64_t size_bytes() const;

private:
    struct State;
    explicit ArchiveWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Where a reader puts what it found. Errors stop the reading.
class ArchiveSink {
public:
    virtual Result<void> begin_file(const std::string& path, std::uint64_t size_bytes) = 0;
    virtual Result<void> add(std::string_view bytes) = 0;
    virtual Result<void> end_file() = 0;
    virtual ~ArchiveSink() = default;
};

/// Bytes done so far, and all of them. False: stop, with `cancelled`.
using ShowProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Reads the whole archive: every frame is checked, every file's SHA-256 computed and compared with
/// the manifest. What it gave to `sink` is good only when it returns a manifest.
/// Errors: corrupt (names the copied file and the place in the archive; a wrong key cannot be told
/// from damage of the first frame), invalid (no archive; a key is needed, or none was), denied,
/// unsupported (a later format), not_found.
Result<Manifest> read_archive(const std::string& path, const std::optional<trust::SealKey>& key,
                              ArchiveSink& sink, const ShowProgress& show);

}  // namespace lineshaft::app
