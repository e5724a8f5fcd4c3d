#include "app/sim/sewing.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "stitch/files/files.h"

namespace lineshaft::sim {
namespace {

namespace json = boost::json;
using dispatch::JobMethod;
using dispatch::JobReceiver;
using dispatch::JobState;
using sparkplug::DataType;
using sparkplug::Value;

constexpr double jump_s = 0.1;
constexpr std::size_t results_max = 8;

double seconds_between(Instant from, Instant until) {
    return static_cast<double>((until - from).count()) / 1e6;
}

std::uint64_t sim_job_number(std::string_view text) {
    std::uint64_t number = 0;
    for (const char letter : text.substr(std::min<std::size_t>(1, text.size()))) {
        if (letter < '0' || letter > '9' || number > 1'000'000'000'000) return 0;
        number = number * 10 + static_cast<std::uint64_t>(letter - '0');
    }
    return text.starts_with('J') ? number : 0;
}

std::string text_member_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(json::string_view(name.data(), name.size()));
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

std::uint32_t count_member_of(const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(json::string_view(name.data(), name.size()));
    if (found == nullptr || !found->is_number()) return 0;
    const double value = found->to_number<double>();
    return value >= 0 && value < 4e9 ? static_cast<std::uint32_t>(value) : 0;
}

json::string as_json(std::string_view text) {
    return json::string(text.data(), text.size());
}

}  // namespace

Sewer::Sewer(Dice dice, const SewingOptions& options) : dice_(dice), options_(options) {
    next_break_ = options_.stitches_between_breaks > 0
                      ? dice_.exponential(options_.stitches_between_breaks)
                      : 1e18;
    now_.breaks.assign(options_.heads, 0);
}

void Sewer::answer(std::uint64_t job, std::uint32_t sequence, bool is_good, std::string_view why) {
    json::object out{{"job", fmt::format("J{}", job)}, {"sequence", sequence}, {"ok", is_good}};
    if (!why.empty()) out["why"] = as_json(why);
    now_.answer = json::serialize(out);
}

void Sewer::command(std::string_view text, Instant now, std::vector<Fetch>& fetches) {
    boost::system::error_code problem;
    const auto value = json::parse(json::string_view(text.data(), text.size()), problem);
    if (problem || !value.is_object()) return;
    now_.command = text;
    const json::object& said = value.as_object();
    const auto method = dispatch::job_method_named(text_member_of(said, "method"));
    const std::uint64_t number = sim_job_number(text_member_of(said, "job"));
    const std::uint32_t sequence = count_member_of(said, "sequence");
    if (!method || number == 0) return;
    const auto reply = receiver_.command({*method, number, sequence});
    const bool is_store = *method == JobMethod::store || *method == JobMethod::store_and_start;
    const auto known = jobs_.find(number);
    if (reply.verdict == JobReceiver::Verdict::obeyed && is_store) {
        Job job;
        job.design = text_member_of(said, "design");
        job.hash = text_member_of(said, "hash");
        job.name = text_member_of(said, "name");
        job.target = text_member_of(said, "file");
        job.pieces = std::max(1U, count_member_of(said, "pieces"));
        job.sequence = sequence;
        job.breaks.assign(options_.heads, 0);
        if (const auto* needles = said.if_contains("needles");
            needles != nullptr && needles->is_array()) {
            for (const auto& needle : needles->as_array())
                job.needles.push_back(needle.is_int64() ? static_cast<unsigned>(needle.as_int64())
                                                        : 0);
        }
        fetches.push_back({{}, number, job.target});
        jobs_[number] = std::move(job);
        return show(now);
    }
    if (known != jobs_.end() && is_store && !known->second.has_file &&
        reply.verdict == JobReceiver::Verdict::repeated) {
        if (reply.state && dispatch::is_over(*reply.state))
            answer(number, sequence, false, "the file could not be taken");
        else
            fetches.push_back({{}, number, known->second.target});
        return;
    }
    const bool is_good = reply.verdict == JobReceiver::Verdict::obeyed ||
                         reply.verdict == JobReceiver::Verdict::repeated;
    if (reply.verdict == JobReceiver::Verdict::obeyed) {
        switch (*method) {
            case JobMethod::stop:
            case JobMethod::abort:
            case JobMethod::cancel: finish(number, now); break;
            case JobMethod::clear: std::erase(over_, number), jobs_.erase(number); break;
            default: break;
        }
        show_results();
    }
    // One it never knew needs no clearing.
    const bool is_clear_of_nothing = *method == JobMethod::clear && !receiver_.state_of(number);
    answer(number, sequence, is_good || is_clear_of_nothing, reply.why);
    show(now);
}

void Sewer::file(std::uint64_t number, std::string bytes, std::string_view sha256, Instant now) {
    const auto found = jobs_.find(number);
    if (found == jobs_.end() || found->second.has_file) return;
    Job& job = found->second;
    if (bytes.empty()) return;  // the node says the command again, and it is fetched again
    const auto refuse = [&](std::string_view why) {
        const std::uint32_t sequence = job.sequence;
        answer(number, sequence, false, why);
        move(number, JobState::aborted, now);
        finish(number, now);
    };
    if (sha256 != job.hash) return refuse("the file's hash is another");
    const auto dot = job.name.rfind('.');
    const auto format = stitch::format_of(
        dot == job.name.npos ? "dst" : std::string_view(job.name).substr(dot + 1));
    auto pattern = stitch::read(format.value_or(stitch::Format::dst), as_bytes(bytes));
    if (!pattern) return refuse(pattern.error().context);
    job.steps = std::move(pattern->steps);
    job.total = static_cast<std::uint32_t>(
        std::ranges::count(job.steps, stitch::Act::stitch, &stitch::Step::act));
    job.has_file = true;
    answer(number, job.sequence, true, "");
    show(now);
}

void Sewer::move(std::uint64_t number, JobState to, Instant now) {
    (void)receiver_.moved(number, to);
    (void)now;
}

void Sewer::begin(std::uint64_t number, Instant now) {
    if (!receiver_.moved(number, JobState::running)) return;
    current_ = number;
    Job& job = jobs_[number];
    job.began = job.piece_began = now;
    left_s_ = options_.frame_s;
    is_setting_up_ = true;
    is_stopped_ = false;
}

void Sewer::finish(std::uint64_t number, Instant now) {
    const auto found = jobs_.find(number);
    if (found == jobs_.end()) return;
    found->second.ended = now;
    if (std::ranges::find(over_, number) == over_.end()) over_.push_back(number);
    while (over_.size() > results_max) {
        jobs_.erase(over_.front());
        over_.erase(over_.begin());
    }
    if (current_ == number) current_ = 0, is_stopped_ = is_setting_up_ = false, left_s_ = 0;
    show_results();
}

void Sewer::sew_one(Job& job, const stitch::Step& step, Instant now) {
    switch (step.act) {
        case stitch::Act::jump: debt_s_ += jump_s; return;
        case stitch::Act::trim: debt_s_ += options_.trim_s; return;
        case stitch::Act::colour:
            ++job.colour;
            debt_s_ += options_.colour_s;
            return;
        case stitch::Act::stitch: break;
    }
    debt_s_ += 60 / options_.rpm;
    ++job.in_piece;
    const std::uint32_t pieces = std::min(options_.heads, job.pieces - job.done);
    job.stitches += pieces;
    sewn_ += pieces;
    next_break_ -= 1;
    if (next_break_ > 0) return;
    next_break_ = dice_.exponential(options_.stitches_between_breaks);
    const double kind = dice_.unit();
    const std::size_t head = dice_.below(options_.heads);
    now_.stop = kind < 0.75 ? "thread_break" : kind < 0.95 ? "bobbin" : "needle";
    ++job.breaks[head];
    ++now_.breaks[head];
    ++job.piece_breaks;
    is_stopped_ = true;
    left_s_ = 5 + dice_.exponential(options_.operator_s);
    job.stops.push_back({now_.stop, now, left_s_ / options_.speed, job.in_piece, now_.needle});
    if (job.stops.size() > 200) job.stops.erase(job.stops.begin());
}

void Sewer::sew(Job& job, double seconds, Instant now) {
    while (seconds > 0 && current_ != 0) {
        if (left_s_ > 0) {
            const double spent = std::min(left_s_, seconds);
            left_s_ -= spent, seconds -= spent;
            if (is_setting_up_ && !is_stopped_) job.setup_s += spent;
            if (left_s_ > 0) return;
            is_stopped_ = is_setting_up_ = false;
            now_.stop.clear();
            continue;
        }
        if (debt_s_ > 0) {
            const double spent = std::min(debt_s_, seconds);
            debt_s_ -= spent, seconds -= spent, job.sewing_s += spent;
            if (debt_s_ > 0) return;
        }
        if (job.at < job.steps.size()) {
            sew_one(job, job.steps[job.at++], now);
            continue;
        }
        const std::uint32_t pieces = std::min(options_.heads, job.pieces - job.done);
        for (std::uint32_t piece = 0; piece < pieces; ++piece)
            job.pieces_done.push_back({++job.done, job.in_piece, piece == 0 ? job.piece_breaks : 0,
                                       job.piece_began, now});
        if (job.done >= job.pieces) {
            const std::uint64_t number = current_;
            move(number, JobState::ended, now);
            finish(number, now);
            return;
        }
        job.at = 0, job.in_piece = 0, job.colour = 0, job.piece_breaks = 0;
        job.piece_began = now;
        left_s_ = options_.frame_s;
        is_setting_up_ = true;
    }
}

void Sewer::step(Instant now) {
    const double seconds =
        lived_until_ && now > *lived_until_
            ? std::min(seconds_between(*lived_until_, now), 60.0) * options_.speed
            : 0;
    lived_until_ = now;
    if (current_ == 0) {
        const auto next = receiver_.next();
        if (next && jobs_.contains(*next) && jobs_[*next].has_file) begin(*next, now);
    }
    if (current_ != 0 && receiver_.state_of(current_) == JobState::running)
        sew(jobs_[current_], seconds, now);
    show(now);
}

void Sewer::show(Instant) {
    std::uint64_t shown = current_;
    if (shown == 0) {  // what waits, else what ended last
        for (const auto& [number, job] : jobs_) {
            const auto state = receiver_.state_of(number);
            if (state && !dispatch::is_over(*state)) shown = number;
        }
        if (shown == 0 && !over_.empty()) shown = over_.back();
    }
    const auto found = jobs_.find(shown);
    const auto state = shown == 0 ? std::nullopt : receiver_.state_of(shown);
    if (found == jobs_.end() || !state) {
        now_.job.clear(), now_.job_state.clear(), now_.state = "Idle", now_.rpm = 0,
                                                  now_.stop.clear();
        return;
    }
    const Job& job = found->second;
    now_.job = fmt::format("J{}", shown);
    now_.job_state = dispatch::name_of(*state);
    now_.design = job.design;
    now_.hash = job.hash;
    now_.stitch = job.in_piece;
    now_.total = job.total;
    now_.colour = job.colour;
    now_.pieces = job.done;
    now_.needle = job.colour < job.needles.size() && job.needles[job.colour] != 0
                      ? job.needles[job.colour]
                      : 1 + job.colour % options_.needles;
    const bool is_running = *state == JobState::running;
    if (*state == JobState::interrupted)
        now_.stop = "operator";
    else if (!is_stopped_)
        now_.stop.clear();
    now_.rpm = is_running && !is_stopped_ && !is_setting_up_
                   ? static_cast<std::uint32_t>(options_.rpm)
                   : 0;
    now_.state = !is_running      ? (*state == JobState::interrupted ? "Stopped" : "Idle")
                 : is_stopped_    ? "Stopped"
                 : is_setting_up_ ? "Setup"
                                  : "Running";
}

std::string Sewer::report_of(std::uint64_t number, const Job& job) const {
    const auto state = receiver_.state_of(number);
    json::array breaks, stops, done;
    for (const auto count : job.breaks) breaks.push_back(count);
    for (const auto& stop : job.stops) {
        stops.push_back(json::object{{"reason", stop.reason},
                                     {"at", to_rfc3339(stop.at)},
                                     {"seconds", stop.seconds},
                                     {"stitch", stop.stitch},
                                     {"needle", stop.needle},
                                     {"head", 1}});
    }
    for (const auto& piece : job.pieces_done) {
        done.push_back(json::object{{"piece", piece.piece},
                                    {"stitches", piece.stitches},
                                    {"breaks", piece.breaks},
                                    {"began", to_rfc3339(piece.began)},
                                    {"at", to_rfc3339(piece.at)}});
    }
    json::object out{{"job", fmt::format("J{}", number)},
                     {"state", as_json(dispatch::name_of(state.value_or(JobState::aborted)))},
                     {"pieces", job.done},
                     {"stitches", job.stitches},
                     {"ended", to_rfc3339(job.ended)},
                     {"sewing_s", job.sewing_s / options_.speed},
                     {"setup_s", job.setup_s / options_.speed},
                     {"breaks", std::move(breaks)},
                     {"stops", std::move(stops)},
                     {"done", std::move(done)}};
    if (job.began.micros != 0) out["began"] = to_rfc3339(job.began);
    return json::serialize(out);
}

void Sewer::show_results() {
    now_.results = "[";
    for (const std::uint64_t number : over_) {
        if (now_.results.size() > 1) now_.results += ',';
        now_.results += report_of(number, jobs_[number]);
    }
    now_.results += ']';
}

}  // namespace lineshaft::sim
