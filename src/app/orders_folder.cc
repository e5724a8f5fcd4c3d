// Watched folders: files for machines that read a shared directory, and their reports back.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "app/orders_steps.h"
#include "io/files.h"

namespace lineshaft::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t folder_report_bytes_max = 64 << 10;
constexpr std::size_t folder_reports_max = 64;

// What customers typed must not begin a line of its own.
std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](char letter) { return static_cast<unsigned char>(letter) < 0x20; }, ' ');
    return text;
}

// Machines' servers run as other users: the file may be read by all who may enter the folder.
Result<void> write_for_all(const std::string& temporary, const std::string& path,
                           std::string_view content) {
    const auto failed = [&](std::string_view what) {
        const Code code = errno == ENOSPC ? Code::exhausted : Code::unavailable;
        return fail(code, fmt::format("{} {}: {}", what, path, std::strerror(errno)));
    };
    const int file =
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0664);
    if (file < 0) return failed("open");
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            auto why = failed("write");
            ::close(file);
            ::unlink(temporary.c_str());
            return why;
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    const bool is_synced = ::fsync(file) == 0;
    ::close(file);
    if (!is_synced) return failed("sync");
    if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("rename");
    return {};
}

Result<void> folder_made(const std::string& directory) {
    std::error_code problem;
    fs::create_directories(directory, problem);
    if (problem)
        return fail(Code::unavailable, fmt::format("{}: {}", directory, problem.message()));
    return {};
}

bool is_report_name(std::string_view name) {
    const bool is_kind = name.ends_with(".RPT") || name.ends_with(".rpt") ||
                         name.ends_with(".CSV") || name.ends_with(".csv");
    return is_kind && name.front() != '.' && name.size() <= 128;
}

// Nobody writes to it any more: it ends in a line, or has been left alone for a second.
bool is_whole(const fs::path& path, std::string_view text) {
    if (!text.empty() && (text.back() == '\n' || text.back() == '\r')) return true;
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return false;
    const auto age = fs::file_time_type::clock::now() - fs::last_write_time(path);
    return age >= std::chrono::seconds{1};
}

}  // namespace

Result<void> put_in_folder(const std::string& directory, const api::MachineFile& file,
                           const orders::PendingCommand& command) {
    TRY_VOID(folder_made(directory));
    TRY_VOID(folder_made(directory + "/REPORT"));
    const std::string stem = orders::barcode_of(command.job.number);
    std::string facts =
        fmt::format("JOB={}\r\nDESIGN={}\r\nSTITCHES={}\r\nPIECES={}\r\nHASH={}\r\n", stem,
                    one_line(command.design.name), command.design.stitches, command.job.wanted, file.sha256);
    for (std::size_t index = 0; index < command.design.threads.size(); ++index)
        facts += fmt::format("COLOUR{}={}\r\n", index + 1, command.design.threads[index]);
    if (!command.design.fabric.empty())
        facts += fmt::format("FABRIC={}\r\n", command.design.fabric);
    if (!command.cloth.empty()) facts += fmt::format("CLOTH={}\r\n", one_line(command.cloth));
    const std::string base = directory + "/" + stem;
    TRY_VOID(write_for_all(base + ".TM$", base + ".INF", facts));
    return write_for_all(base + ".TM$", directory + "/" + file.name, file.bytes);
}

Result<std::vector<FolderReport>> reports_in_folder(const std::string& directory) {
    std::vector<FolderReport> out;
    std::error_code problem;
    std::vector<std::string> names;
    for (fs::directory_iterator at(directory + "/REPORT", problem), end;
         !problem && at != end && names.size() < folder_reports_max; at.increment(problem)) {
        std::string name = at->path().filename().string();
        if (is_report_name(name) && at->is_regular_file(problem)) names.push_back(std::move(name));
    }
    std::ranges::sort(names);
    for (auto& name : names) {
        const std::string path = directory + "/REPORT/" + name;
        auto text = io::read_file(path, folder_report_bytes_max);
        if (!text) {
            if (text.error().code == Code::exhausted)
                out.push_back({std::move(name), {}, "longer than 64 KiB"});
            continue;
        }
        if (!is_whole(path, *text)) continue;
        auto reports = api::reports_of_file(name, *text);
        if (reports)
            out.push_back({std::move(name), std::move(*reports), {}});
        else
            out.push_back({std::move(name), {}, reports.error().context});
    }
    return out;
}

Result<void> put_report_away(const std::string& directory, const std::string& name,
                             const std::string& why) {
    const std::string place = directory + (why.empty() ? "/DONE" : "/BAD");
    TRY_VOID(folder_made(place));
    if (!why.empty()) {
        TRY_VOID(write_for_all(place + "/WHY.TM$", place + "/" + name + ".WHY", why + "\r\n"));
    }
    std::error_code problem;
    fs::rename(directory + "/REPORT/" + name, place + "/" + name, problem);
    if (problem) return fail(Code::unavailable, fmt::format("{}: {}", name, problem.message()));
    return {};
}

}  // namespace lineshaft::app
