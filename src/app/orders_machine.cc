// One machine that sews: what it says into the book, what the book wants of it to the machine.
#include "app/orders_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "base/log.h"
#include "base/percent.h"
#include "trust/principal.h"

namespace lineshaft::app {
namespace {

namespace json = boost::json;
using orders::Book;
using orders::Touched;

constexpr std::string_view command_tag = "Job/Command";

json::value parsed(const std::string& text) {
    boost::system::error_code problem;
    json::parse_options options;
    options.max_depth = 8;
    if (text.size() > (64 << 10)) return nullptr;
    auto value = json::parse(text, problem, {}, options);
    return problem ? json::value(nullptr) : value;
}

std::string command_text(const orders::PendingCommand& command, const api::MachineFile* file,
                         const orders::SewingMachine& can) {
    json::object out{{"method", api::text(dispatch::name_of(command.method))},
                     {"job", orders::job_text(command.job.number)},
                     {"sequence", command.sequence}};
    if (file != nullptr) {
        json::array colours, needles;
        for (const auto& thread : command.design.threads) colours.push_back(json::string(thread));
        for (const unsigned needle : api::needles_for(command.design, can))
            needles.push_back(needle);
        out["design"] = command.design.name;
        out["name"] = file->name;
        out["file"] = fmt::format("/api/v1/machines/{}/files/{}", percent_encoded(can.machine),
                                  orders::barcode_of(command.job.number));
        out["bytes"] = file->bytes.size();
        out["hash"] = file->sha256;
        out["stitches"] = command.design.stitches;
        out["pieces"] = command.job.wanted;
        out["colours"] = std::move(colours);
        out["needles"] = std::move(needles);
    }
    return json::serialize(out);
}

bool is_store(dispatch::JobMethod method) {
    return method == dispatch::JobMethod::store || method == dispatch::JobMethod::store_and_start;
}

orders::SewingMachine profile_of(const std::map<std::string, history::Value>& said,
                                 orders::SewingMachine out) {
    const auto number = [&](const char* tag, double usual) {
        const auto found = said.find(tag);
        const double value = found == said.end() ? usual : history::number_of(found->second);
        return std::isfinite(value) ? value : usual;
    };
    const auto count = [&](const char* tag, std::uint32_t usual) {
        return static_cast<std::uint32_t>(std::clamp(number(tag, usual), 0.0, 1000.0));
    };
    out.heads = count("Machine/Heads", out.heads);
    out.needles = count("Machine/Needles", out.needles);
    out.hoop_width_mm = number("Machine/HoopWidth", out.hoop_width_mm);
    out.hoop_height_mm = number("Machine/HoopHeight", out.hoop_height_mm);
    out.rpm_max = number("Machine/SpeedMax", out.rpm_max);
    if (const auto found = said.find("Machine/Dialect"); found != said.end()) {
        if (const auto* name = std::get_if<std::string>(&found->second))
            out.dialect = name->substr(0, 32);
    }
    if (const auto found = said.find("Machine/Threads"); found != said.end()) {
        const auto* text = std::get_if<std::string>(&found->second);
        const auto list = text == nullptr ? json::value(nullptr) : parsed(*text);
        out.threads.clear();
        if (list.is_array()) {
            for (const auto& one : list.as_array()) {
                if (out.threads.size() >= out.needles) break;
                std::string colour = one.is_string() ? std::string(one.as_string()) : std::string();
                if (colour.size() != 7 || colour.find(',') != colour.npos) colour.clear();
                out.threads.push_back(std::move(colour));
            }
        }
    }
    return out;
}

}  // namespace

io::Task<void> OrdersSteps::serve(OrdersRoom* room, Hall* hall, Machine* machine) {
    while (std::exchange(machine->is_due, false) && !room->is_closing_) {
        auto done = co_await serve_once(room, hall, machine);
        if (!done) {
            log::warn("orders: {}: {}", machine->id, done.error().context);
            if (!machine->sent) {  // again at the next tick
                machine->sent.emplace(0, 0U);
                machine->sent_at = io::Shard::here().clock().steady();
            }
            break;
        }
    }
    machine->is_busy = false;
}

io::Task<Result<void>> OrdersSteps::serve_once(OrdersRoom* room, Hall* hall, Machine* machine) {
    if (!machine->said.empty() || machine->is_profile_stale || !machine->is_known) {
        auto done = co_await take_profile(room, hall, machine);
        if (!done) co_return done;
    }
    if (machine->answer != machine->answer_taken) {
        auto done = co_await take_answer(room, hall, machine);
        if (!done) co_return done;
    }
    if (machine->results != machine->results_taken) {
        auto done = co_await take_results(room, hall, machine);
        if (!done) co_return done;
    }
    auto told = co_await take_state(room, hall, machine);
    if (!told) co_return told;
    co_return co_await tell(room, hall, machine);
}

io::Task<Result<void>> OrdersSteps::take_profile(OrdersRoom* room, Hall* hall, Machine* machine) {
    const auto said = std::exchange(machine->said, {});
    machine->is_profile_stale = false;
    struct Profile {
        std::optional<orders::SewingMachine> can;
        bool is_new = false;
    };
    auto work = [=, organisation = hall->organisation,
                 id = machine->id](catalog::Catalog& catalog) -> Result<Profile> {
        Book book(catalog);
        Profile out;
        auto known = book.machine(organisation, id);
        if (known) out.can = *known;
        if (said.empty()) return out;
        orders::SewingMachine start = known ? *known : orders::SewingMachine{};
        start.organisation = organisation;
        start.machine = id;
        if (known && known->is_told) {
            start = orders::SewingMachine{};
            start.organisation = organisation;
            start.machine = id;
        }
        start.is_told = false;
        auto put = book.put_machine(profile_of(said, start));
        if (!put)
            return put.error().code == Code::invalid ? Result<Profile>(out)
                                                     : std::unexpected(put.error());
        out.is_new = *put;
        TRY(out.can, book.machine(organisation, id));
        return out;
    };
    auto profile = co_await room->rooms_.desk.run(std::move(work));
    if (!profile) co_return std::unexpected(profile.error());
    machine->is_known = profile->can.has_value();
    if (profile->can) machine->can = *profile->can;
    if (profile->is_new) room->changed(hall->organisation, {{}, {}, {}, true});
    co_return Result<void>{};
}

io::Task<Result<void>> OrdersSteps::take_answer(OrdersRoom* room, Hall* hall, Machine* machine) {
    const std::string text = machine->answer;
    const auto value = parsed(text);
    machine->answer_taken = text;
    if (!value.is_object()) co_return Result<void>{};
    const auto& answer = value.as_object();
    const auto* job = answer.if_contains("job");
    const auto* sequence = answer.if_contains("sequence");
    const auto* is_good = answer.if_contains("ok");
    const auto* why = answer.if_contains("why");
    if (job == nullptr || !job->is_string() || sequence == nullptr || !sequence->is_int64() ||
        is_good == nullptr || !is_good->is_bool())
        co_return Result<void>{};
    const auto number = orders::job_number_of(std::string_view(job->as_string()));
    if (!number) co_return Result<void>{};
    auto touched = std::make_shared<Touched>();
    auto work =
        [=, organisation = hall->organisation, id = machine->id, now = io::Shard::here().now(),
         count = static_cast<std::uint32_t>(sequence->as_int64()), good = is_good->as_bool(),
         reason = why != nullptr && why->is_string() ? std::string(why->as_string()).substr(0, 200)
                                                     : std::string()](catalog::Catalog& catalog) {
            return Book(catalog).answered(organisation, id, *number, count, good, reason, now,
                                          *touched);
        };
    auto done = co_await room->rooms_.desk.run(std::move(work));
    if (!done && done.error().code == Code::unavailable) {
        machine->answer_taken.clear();
        co_return done;
    }
    machine->sent.reset();
    if (done && !touched->jobs.empty()) room->changed(hall->organisation, *touched);
    co_return Result<void>{};
}

io::Task<Result<void>> OrdersSteps::report(OrdersRoom* room, Hall* hall, std::string machine,
                                           orders::Report report) {
    auto touched = std::make_shared<Touched>();
    auto work = [=, organisation = hall->organisation,
                 now = io::Shard::here().now()](catalog::Catalog& catalog) {
        return Book(catalog).report(organisation, machine, report, now, *touched);
    };
    auto done = co_await room->rooms_.desk.run(std::move(work));
    if (done) {
        room->changed(hall->organisation, *touched);
        co_return Result<void>{};
    }
    const Code code = done.error().code;
    if (code == Code::unavailable || code == Code::exhausted || code == Code::corrupt)
        co_return std::unexpected(done.error());
    // What cannot be changes nothing, and is said.
    room->rooms_.plant.record({io::Shard::here().now(), hall->organisation, machine, "refused",
                               "report: " + done.error().context});
    co_return Result<void>{};
}

io::Task<Result<void>> OrdersSteps::take_results(OrdersRoom* room, Hall* hall, Machine* machine) {
    const std::string text = machine->results;
    const auto value = parsed(text);
    std::vector<std::uint64_t> over;
    if (value.is_array()) {
        for (const auto& one : value.as_array()) {
            auto report = api::report_of(one);
            if (!report) {
                room->rooms_.plant.record({io::Shard::here().now(), hall->organisation, machine->id,
                                           "refused", "report: " + report.error().context});
                continue;
            }
            const bool is_end = report->state && dispatch::is_over(*report->state);
            const std::uint64_t number = report->job;
            auto done = co_await OrdersSteps::report(room, hall, machine->id, std::move(*report));
            if (!done) co_return done;
            if (is_end) over.push_back(number);
        }
    }
    for (const std::uint64_t number : over) {
        auto touched = std::make_shared<Touched>();
        auto work = [=, organisation = hall->organisation,
                     id = machine->id](catalog::Catalog& catalog) {
            return Book(catalog).ask_clear(organisation, id, number, *touched);
        };
        auto done = co_await room->rooms_.desk.run(std::move(work));
        if (!done) co_return std::unexpected(done.error());
    }
    machine->results_taken = text;
    co_return Result<void>{};
}

// The job order at the machine, when its state or its pieces are others than the book has.
io::Task<Result<void>> OrdersSteps::take_state(OrdersRoom* room, Hall* hall, Machine* machine) {
    if (machine->job_now == 0 || !machine->state_now) co_return Result<void>{};
    const auto state = machine->state_now;
    const std::uint64_t job = machine->job_now;
    const std::uint32_t good = machine->progress.good;
    const bool is_same =
        machine->job_taken == job && machine->state_taken == state && machine->good_taken == good;
    if (is_same || *state == dispatch::JobState::allowed_to_start ||
        *state == dispatch::JobState::not_allowed_to_start)
        co_return Result<void>{};
    orders::Report report;
    report.job = job;
    // The end is for Job/Results to say, with everything that belongs to it.
    if (!dispatch::is_over(*state)) report.state = state;
    report.good = good;
    auto done = co_await OrdersSteps::report(room, hall, machine->id, std::move(report));
    if (!done) co_return done;
    machine->job_taken = job;
    machine->state_taken = state;
    machine->good_taken = good;
    co_return done;
}

io::Task<Result<void>> OrdersSteps::tell(OrdersRoom* room, Hall* hall, Machine* machine) {
    if (!machine->is_known) co_return Result<void>{};
    const bool is_mqtt = machine->can.delivery == orders::Delivery::mqtt;
    if (machine->can.delivery == orders::Delivery::http) co_return Result<void>{};
    if (is_mqtt && !machine->is_there) co_return Result<void>{};
    if (!is_mqtt && room->rooms_.drop_directory.empty()) co_return Result<void>{};
    struct Next {
        std::optional<orders::PendingCommand> command;
        std::optional<api::MachineFile> file;
    };
    auto touched = std::make_shared<Touched>();
    auto work = [=, organisation = hall->organisation, can = machine->can,
                 now = io::Shard::here().now()](catalog::Catalog& catalog) -> Result<Next> {
        Book book(catalog);
        Next out;
        TRY(out.command,
            book.next_command(organisation, can.machine, can.is_enabled, now, *touched));
        if (!out.command || !is_store(out.command->method)) return out;
        TRY(const auto dst, book.file(organisation, out.command->design.hash));
        TRY(out.file, api::machine_file(out.command->design, dst, can, out.command->job.number));
        if (out.command->job.file_hash != out.file->sha256) {
            TRY_VOID(book.set_file_hash(organisation, out.command->job.number, out.file->sha256));
        }
        return out;
    };
    auto next = co_await room->rooms_.desk.run(std::move(work));
    if (!next) co_return std::unexpected(next.error());
    if (!touched->jobs.empty()) room->changed(hall->organisation, *touched);
    if (!next->command) {
        machine->sent.reset();
        co_return Result<void>{};
    }
    const auto& command = *next->command;
    const auto which = std::pair(command.job.number, command.sequence);
    if (machine->sent == which) co_return Result<void>{};
    machine->sent = which;
    machine->sent_at = io::Shard::here().clock().steady();
    if (is_mqtt) {
        auto state = co_await room->rooms_.plant.machine(hall->organisation, machine->id);
        if (!state) co_return std::unexpected(state.error());
        auto by = std::make_shared<const trust::Principal>(trust::node_principal());
        std::string text = command_text(command, next->file ? &*next->file : nullptr, machine->can);
        auto sent = co_await room->rooms_.node.command(by, *state, std::string(command_tag),
                                                       history::Value(std::move(text)));
        if (!sent)
            log::info("orders: {} could not be told {}: {}; it is tried again", machine->id,
                      dispatch::name_of(command.method), sent.error().context);
        co_return Result<void>{};
    }
    if (next->file) {
        auto put = [directory = room->rooms_.drop_directory + "/" + machine->can.folder,
                    file = *next->file,
                    command]() { return put_in_folder(directory, file, command); };
        auto written = co_await room->files_.run(std::move(put));
        if (!written) co_return written;
    }
    auto more = std::make_shared<Touched>();
    auto confirm = [=, organisation = hall->organisation, id = machine->id,
                    now = io::Shard::here().now()](catalog::Catalog& catalog) {
        return Book(catalog).answered(organisation, id, which.first, which.second, true, "", now,
                                      *more);
    };
    auto confirmed = co_await room->rooms_.desk.run(std::move(confirm));
    if (!confirmed) co_return confirmed;
    machine->sent.reset();
    room->changed(hall->organisation, *more);
    co_return Result<void>{};
}

io::Task<void> OrdersSteps::read_folder(OrdersRoom* room, Hall* hall, Machine* machine) {
    if (room->rooms_.drop_directory.empty() || machine->can.folder.empty()) co_return;
    const std::string directory = room->rooms_.drop_directory + "/" + machine->can.folder;
    auto read = [directory]() -> Result<std::vector<FolderReport>> {
        return reports_in_folder(directory);
    };
    auto found = co_await room->files_.run(std::move(read));
    if (!found) co_return;
    for (auto& one : *found) {
        std::string why = one.why;
        for (auto& report : one.reports) {
            auto touched = std::make_shared<Touched>();
            auto work = [=, organisation = hall->organisation, id = machine->id,
                         now = io::Shard::here().now()](catalog::Catalog& catalog) {
                return Book(catalog).report(organisation, id, report, now, *touched);
            };
            auto done = co_await room->rooms_.desk.run(std::move(work));
            if (done) {
                room->changed(hall->organisation, *touched);
                continue;
            }
            const Code code = done.error().code;
            if (code == Code::unavailable || code == Code::exhausted) co_return;  // the file waits
            why = done.error().context;
        }
        auto put_away = [directory, name = one.name, why]() {
            return put_report_away(directory, name, why);
        };
        auto done = co_await room->files_.run(std::move(put_away));
        if (!done) log::warn("orders: {}: {}", directory, done.error().context);
        if (!why.empty())
            room->rooms_.plant.record({io::Shard::here().now(), hall->organisation, machine->id,
                                       "refused", one.name + ": " + why});
    }
}

}  // namespace lineshaft::app
