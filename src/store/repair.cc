// A store made whole again. In this order, on a copy beside the original:
//
//   1. CURRENT and the MANIFEST: one flipped bit is flipped back; beyond that the list of files is
//      rebuilt from the files.
//   2. The logs: one flipped bit is flipped back; what cannot be read is left out and named.
//   3. The sorted files: every block is read; one flipped bit is flipped back.
//   4. If blocks are left that cannot be read, everything that can is copied into new files.
//   5. The result is opened as a node would open it, and must show no damage.
//   6. It changes places with the original in one system call.
//
// Why a copy: a repair that fails half-way, or is wrong, has cost nothing.
#include "store/repair.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/options.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "store/log_scan.h"
#include "store/options.h"
#include "store/recovery.h"
#include "store/rescue.h"
#include "store/sorted_file.h"
#include "store/status.h"

namespace lineshaft::store {
namespace {

namespace fs = std::filesystem;

constexpr int mends_max = 1'000;  // of one file
constexpr std::size_t legible_bytes_max = 32 << 20;

std::unexpected<Error> file_failure(const std::string& doing, const std::error_code& why) {
    const bool is_full = why == std::errc::no_space_on_device;
    return fail(is_full ? Code::exhausted : Code::unavailable, doing + ": " + why.message());
}

std::string name_in(const std::string& path) {
    return fs::path(path).filename().string();
}

Result<void> write_file(const std::string& path, std::string_view content) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) return fail(Code::unavailable, "cannot write " + path);
    return {};
}

Surroundings on_this_machine() {
    Surroundings surroundings;
    surroundings.on_fatal = [](const std::string& why) { log::error("repair: {}", why); };
    return surroundings;
}

Result<void> sync_path(const std::string& path) {
    const int opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_synced = opened >= 0 && ::fsync(opened) == 0;
    if (opened >= 0) ::close(opened);
    if (!is_synced) return fail(Code::unavailable, "cannot sync " + path);
    return {};
}

// Sorted files never change and are linked; the rest is small and copied.
Result<void> copy_store(const std::string& from, const std::string& to) {
    std::error_code failed;
    fs::remove_all(to, failed);  // of a repair that was cut short
    if (::mkdir(to.c_str(), 0700) != 0)
        return file_failure("make " + to, {errno, std::generic_category()});
    for (const auto& entry : fs::directory_iterator(from, failed)) {
        const std::string name = entry.path().filename();
        if (!entry.is_regular_file(failed) || name == "lineshaft.lock" || name == "LOCK" ||
            name == format_name ||
            name.starts_with(ingest_prefix)) {
            continue;
        }
        const std::string target = to + "/" + name;
        if (name.ends_with(".sst")) fs::create_hard_link(entry.path(), target, failed);
        if (failed || !name.ends_with(".sst")) {
            failed.clear();
            fs::copy_file(entry.path(), target, failed);
        }
        if (failed) return file_failure("copy " + entry.path().string(), failed);
    }
    if (failed) return file_failure("list " + from, failed);
    return {};
}

class Repair {
public:
    Repair(std::string directory, const RepairOptions& options)
        : directory_(std::move(directory)),
          work_(directory_ + ".repair-work"),
          fresh_(directory_ + ".repair-new"),
          options_(options) {}
    ~Repair() {
        std::error_code ignored;  // the next repair removes them too
        fs::remove_all(work_, ignored);
        fs::remove_all(fresh_, ignored);
    }

    Result<RepairReport> run() {
        const auto format = check_format(directory_);
        if (!format && format.error().code != Code::corrupt) return std::unexpected(format.error());
        TRY_VOID(copy_store(directory_, work_));
        if (!format) {
            note({.kind = Finding::Kind::mended,
                  .file = std::string(format_name),
                  .text = "FORMAT was damaged; written anew, nothing is lost"});
        }
        TRY_VOID(mend_current());
        TRY_VOID(mend_manifest());
        TRY_VOID(check_sorted_files());
        TRY_VOID(mend_logs());
        if (report_.findings.empty()) return std::move(report_);
        std::string result = work_;
        if (!bad_files_.empty()) {
            TRY_VOID(rebuild());
            result = fresh_;
        } else {
            TRY_VOID(settle(work_));
        }
        TRY_VOID(prove(result));
        if (options_.apply) {
            TRY_VOID(take_place(result));
        }
        return std::move(report_);
    }

private:
    void note(Finding finding) {
        log::debug("repair: {}", finding.text);
        report_.findings.push_back(std::move(finding));
    }
    void note_mended(const std::string& file, std::uint64_t byte, unsigned bit) {
        note({.kind = Finding::Kind::mended,
              .file = file,
              .from_byte = byte,
              .until_byte = byte + 1,
              .text = fmt::format("{}: bit {} of byte {} was flipped; flipped back, nothing is lost",
                                  file, bit, byte)});
    }

    Result<void> mend_current() {
        const std::string path = work_ + "/CURRENT";
        auto text = read_whole(path);
        std::string named = text ? *text : "";
        while (named.ends_with('\n')) named.pop_back();
        std::error_code failed;
        if (!named.empty() && fs::exists(work_ + "/" + named, failed)) return {};
        std::vector<std::string> lists;
        for (const auto& entry : fs::directory_iterator(work_, failed)) {
            const std::string name = entry.path().filename();
            if (name.starts_with("MANIFEST-")) lists.push_back(name);
        }
        if (lists.empty()) return rebuild_list("CURRENT and MANIFEST are missing");
        // The newest: RocksDB removes older ones as soon as CURRENT names it.
        const std::string newest = *std::ranges::max_element(lists);
        TRY_VOID(write_file(path, newest + "\n"));
        note({.kind = Finding::Kind::mended,
              .file = "CURRENT",
              .text = fmt::format("CURRENT was damaged; it names {} again", newest)});
        return {};
    }

    Result<void> mend_manifest() {
        TRY(auto name, read_whole(work_ + "/CURRENT"));
        while (name.ends_with('\n')) name.pop_back();
        const std::string path = work_ + "/" + name;
        TRY(auto text, read_whole(path));
        LogScan scan = scan_manifest(as_bytes(text));
        for (int mends = 0; scan.flipped_bit >= 0 && mends < mends_max; ++mends) {
            const auto byte = static_cast<std::size_t>(scan.flipped_bit / 8);
            text[byte] = static_cast<char>(text[byte] ^ (1 << (scan.flipped_bit % 8)));
            note_mended(name, byte, static_cast<unsigned>(scan.flipped_bit % 8));
            scan = scan_manifest(as_bytes(text));
        }
        if (scan.verdict == LogScan::Verdict::damaged) {
            return rebuild_list(fmt::format("{} is damaged at byte {}: {}", name, scan.trouble_at,
                                            scan.why));
        }
        if (scan.verdict == LogScan::Verdict::torn) text.resize(scan.whole_bytes);
        return write_file(path, text);
    }

    // RocksDB's own way: every sorted file is taken in, the logs too. What was removed shortly before
    // may be there again.
    Result<void> rebuild_list(const std::string& why) {
        const OpenRequest request{work_, options_.limits, surroundings_};
        TRY(const auto rebuilt, rebuild_manifest(request));
        bad_files_.push_back("MANIFEST");  // families have other numbers now: copied, all is right
        note({.kind = Finding::Kind::lost_list,
              .file = "MANIFEST",
              .text = fmt::format("{}; the list of files was rebuilt from {} sorted files: what had "
                                  "been removed shortly before may be there again, and what stood "
                                  "only in the log may be gone",
                                  why, rebuilt)});
        return {};
    }

    Result<void> check_sorted_files() {
        const auto families = family_descriptors(options_.limits);
        const rocksdb::Options reading({}, families.front().options);
        std::vector<std::string> files;
        std::error_code failed;
        for (const auto& entry : fs::directory_iterator(work_, failed)) {
            if (entry.path().extension() == ".sst") files.push_back(entry.path());
        }
        std::ranges::sort(files);
        for (const auto& file : files) {
            TRY(auto found, check_sorted_file(file, reading));
            const std::string name = name_in(file);
            for (const auto& mended : found.mended) note_mended(name, mended.byte, mended.bit);
            if (!found.is_whole()) note_bad(name, found);
            for (auto& entry : found.legible) keep_legible(std::move(entry));
        }
        return {};
    }

    // Which keys that costs is known when everything else is copied.
    void note_bad(const std::string& name, const SortedFileCheck& found) {
        bad_files_.push_back(name);
        if (!found.unreadable.empty()) {
            note({.kind = Finding::Kind::lost_keys,
                  .file = name,
                  .text = fmt::format("{} cannot be read: {}", name, found.unreadable)});
        }
        for (const auto& block : found.bad) {
            note({.kind = Finding::Kind::lost_keys,
                  .file = name,
                  .from_byte = block.offset,
                  .until_byte = block.offset + block.size_bytes,
                  .text = fmt::format("{}: the block of {} bytes at byte {} cannot be read", name,
                                      block.size_bytes, block.offset)});
        }
    }

    void keep_legible(Entry entry) {
        legible_bytes_ += entry.key.size() + entry.value.size();
        if (legible_bytes_ <= legible_bytes_max) report_.legible.push_back(std::move(entry));
    }

    Result<void> mend_logs() {
        const OpenRequest request{work_, options_.limits, surroundings_};
        TRY(const auto contents, list_files(work_));
        TRY(const auto sorted, look_at_sorted_files(request, contents));
        last_commit_ = sorted.commit;
        for (std::size_t index = 0; index < contents.logs.size(); ++index) {
            const auto& [number, path] = contents.logs[index];
            if (number < sorted.logs_from) continue;
            TRY_VOID(mend_log(path, index + 1 == contents.logs.size()));
        }
        return {};
    }

    Result<void> mend_log(const std::string& path, bool is_newest) {
        const std::string name = name_in(path);
        TRY(auto text, read_whole(path));
        if (text.empty()) return {};
        const std::string original = text;
        LogScan scan = scan_log(as_bytes(text));
        for (int mends = 0; scan.flipped_bit >= 0 && mends < mends_max; ++mends) {
            const auto byte = static_cast<std::size_t>(scan.flipped_bit / 8);
            text[byte] = static_cast<char>(text[byte] ^ (1 << (scan.flipped_bit % 8)));
            note_mended(name, byte, static_cast<unsigned>(scan.flipped_bit % 8));
            scan = scan_log(as_bytes(text));
        }
        if (scan.verdict == LogScan::Verdict::torn && is_newest) {
            note({.kind = Finding::Kind::torn_tail,
                  .file = name,
                  .from_byte = scan.whole_bytes,
                  .until_byte = text.size(),
                  .text = fmt::format("{}: the last {} bytes are of a commit that was never "
                                      "acknowledged; cut off",
                                      name, text.size() - scan.whole_bytes)});
            text.resize(scan.whole_bytes);
        } else if (scan.verdict != LogScan::Verdict::whole) {
            Salvaged salvaged = salvage_log(as_bytes(text));
            for (const auto& gap : salvaged.gaps) note_gap(name, gap, original.size());
            text = std::move(salvaged.log);
            scan = scan_log(as_bytes(text));
        }
        note_hole(name, scan);
        last_commit_ = std::max(last_commit_, salvage_log(as_bytes(text)).last_commit);
        return text == original ? Result<void>{} : write_file(path, text);
    }

    void note_gap(const std::string& name, const LogGap& gap, std::uint64_t size_bytes) {
        const std::uint64_t first = gap.first_commit > 0 ? gap.first_commit : last_commit_ + 1;
        const std::string commits =
            gap.last_commit == 0 ? fmt::format("commit {} and perhaps later ones", first)
            : gap.last_commit <= first
                ? fmt::format("commit {}", first)
                : fmt::format("commits {} to {}", first, gap.last_commit);
        const std::uint64_t until = std::min(gap.until_byte, size_bytes);
        note({.kind = Finding::Kind::lost_commits,
              .file = name,
              .from_byte = gap.from_byte,
              .until_byte = until,
              .first_commit = first,
              .last_commit = gap.last_commit,
              .text = fmt::format("{}: bytes {} to {} cannot be read; lost with them: {}", name,
                                  gap.from_byte, until, commits)});
    }

    // A whole file is missing, or the end of the one before.
    void note_hole(const std::string& name, const LogScan& scan) {
        if (scan.commits == 0 || scan.first_commit <= last_commit_ + 1) return;
        const bool is_told = !report_.findings.empty() &&
                             report_.findings.back().kind == Finding::Kind::lost_commits &&
                             report_.findings.back().first_commit == last_commit_ + 1;
        if (is_told) return;
        note({.kind = Finding::Kind::lost_commits,
              .file = name,
              .first_commit = last_commit_ + 1,
              .last_commit = scan.first_commit - 1,
              .text = fmt::format("commits {} to {} of the log are missing before {}",
                                  last_commit_ + 1, scan.first_commit - 1, name)});
    }

    // The logs go into sorted files, so that holes in their numbers are history.
    Result<void> settle(const std::string& directory) {
        const OpenRequest request{directory, options_.limits, surroundings_};
        TRY(const auto database, open_database(request, Mode::write));
        return {};
    }

    Result<void> rebuild() {
        report_.is_rebuilt = true;
        std::error_code failed;
        fs::remove_all(fresh_, failed);
        const OpenRequest from{work_, options_.limits, surroundings_};
        const OpenRequest to{fresh_, options_.limits, surroundings_};
        TRY(const auto gaps, copy_readable(from, to, report_.legible));
        for (const auto& gap : gaps) {
            Finding finding{.kind = Finding::Kind::lost_keys, .text = gap.why};
            finding.family = gap.family;
            finding.from_key = gap.from_key;
            finding.until_key = gap.until_key;
            note(std::move(finding));
        }
        return settle(fresh_);
    }

    Result<void> prove(const std::string& directory) {
        TRY(const auto opened, open_in(directory, options_.limits, Durability::synced, {}));
        if (opened.recovery.damage.empty()) {
            if (options_.look) options_.look(*opened.store, report_);
            return {};
        }
        return fail(Code::corrupt, fmt::format("the repair of {} did not succeed, nothing was "
                                               "changed: {}",
                                               directory_, opened.recovery.damage));
    }

    Result<void> take_place(const std::string& result) {
        std::error_code failed;
        for (const auto& entry : fs::directory_iterator(result, failed)) {
            TRY_VOID(sync_path(entry.path().string()));
        }
        TRY_VOID(sync_path(result));
        const std::string aside = unused_name();
        if (::renameat2(AT_FDCWD, result.c_str(), AT_FDCWD, directory_.c_str(), RENAME_EXCHANGE) !=
            0) {
            return file_failure("change places with " + directory_,
                                {errno, std::generic_category()});
        }
        fs::rename(result, aside, failed);
        report_.aside = failed ? result : aside;
        return sync_path(fs::path(directory_).parent_path().string());
    }

    std::string unused_name() const {
        std::error_code failed;
        for (int number = 1;; ++number) {
            std::string name = fmt::format("{}.damaged-{}", directory_, number);
            if (!fs::exists(name, failed)) return name;
        }
    }

    const std::string directory_, work_, fresh_;
    const RepairOptions& options_;
    const Surroundings surroundings_ = on_this_machine();
    RepairReport report_;
    std::vector<std::string> bad_files_;
    std::size_t legible_bytes_ = 0;
    std::uint64_t last_commit_ = 0;
};

}  // namespace

Result<RepairReport> repair(const std::string& directory, const RepairOptions& options) {
    std::error_code failed;
    if (!fs::is_directory(directory, failed)) return fail(Code::not_found, "no store in " + directory);
    TRY(const auto lock, DirectoryLock::take(directory));
    std::string whole = fs::absolute(directory, failed).lexically_normal().string();
    while (whole.size() > 1 && whole.ends_with('/')) whole.pop_back();
    return Repair(whole, options).run();
}

}  // namespace lineshaft::store
