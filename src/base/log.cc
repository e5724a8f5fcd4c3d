#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace lineshaft::log {
namespace {

spdlog::level::level_enum level_of(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warn: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
    }
    std::unreachable();
}

}  // namespace

Result<void> start(Level from, const std::string& path) {
    spdlog::sink_ptr sink;
    if (path.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        try {
            sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
        } catch (const spdlog::spdlog_ex& failure) {
            return fail(Code::unavailable, "open log file " + path + ": " + failure.what());
        }
    }
    auto logger = std::make_shared<spdlog::logger>("lineshaft", std::move(sink));
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->set_level(level_of(from));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
    return {};
}

void write(Level level, std::string_view line) {
    spdlog::default_logger_raw()->log(level_of(level), line);
}

bool enabled(Level level) {
    return spdlog::default_logger_raw()->should_log(level_of(level));
}

}  // namespace lineshaft::log
