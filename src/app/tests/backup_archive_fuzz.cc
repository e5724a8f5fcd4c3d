// Properties: any bytes are refused or give a manifest; what it vouches for is what the sink was
// given, whole and nothing else. An odd first byte: the rest are the file; an even one: they are
// the bodies of frames, each behind its length in two bytes, and the frames are made sound.
#include <sys/mman.h>
#include <unistd.h>

#include "app/backup_archive.h"
#include "app/tests/archive_frames.h"
#include "base/check.h"
#include "io/fd.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::app;

class Counted final : public ArchiveSink {
public:
    Result<void> begin_file(const std::string& path, std::uint64_t size_bytes) override {
        CHECK(!is_open_ && is_safe_path(path));
        is_open_ = true;
        files_.push_back({path, size_bytes, {}});
        left_ = size_bytes;
        return {};
    }
    Result<void> add(std::string_view bytes) override {
        CHECK(is_open_ && bytes.size() <= left_);
        left_ -= bytes.size();
        return {};
    }
    Result<void> end_file() override {
        CHECK(is_open_ && left_ == 0);
        is_open_ = false;
        return {};
    }
    void check(const Manifest& manifest) const {
        CHECK(!is_open_ && files_.size() == manifest.files.size());
    }

private:
    std::vector<BackupFile> files_;
    std::uint64_t left_ = 0;
    bool is_open_ = false;
};

std::string sound_frames(std::string_view script) {
    std::string file = sound::archive_header();
    for (std::uint64_t number = 0; script.size() >= 2; ++number) {
        const std::size_t size = static_cast<unsigned char>(script[0]) |
                                 static_cast<std::size_t>(static_cast<unsigned char>(script[1]))
                                     << 8;
        file += sound::archive_frame(number, std::string(script.substr(2, size)));
        script.remove_prefix(std::min(script.size(), size + 2));
    }
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 64 * 1024) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string file = data[0] % 2 == 1 ? std::string(input) : sound_frames(input);
    const io::Fd memory(::memfd_create("archive", MFD_CLOEXEC));
    CHECK(memory.is_open());
    CHECK(::write(memory.number(), file.data(), file.size()) == static_cast<ssize_t>(file.size()));
    Counted sink;
    const auto manifest =
        read_archive("/proc/self/fd/" + std::to_string(memory.number()), {}, sink, {});
    if (manifest) sink.check(*manifest);
    return 0;
}
