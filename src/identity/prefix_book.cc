#include "identity/prefix_book.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/asker.h"
#include "identity/prefix_records.h"
#include "io/listener.h"
#include "io/pause.h"
#include "trust/secrets.h"
#include "wire/handle/names.h"

namespace lineshaft::identity {
namespace {

constexpr std::uint32_t site_index = 1, derived_site_index = 2, company_index = 3,
                        admin_index = 100;

// A registry's refusal as a failure of ours.
Result<void> went_well(const Outcome& outcome, std::string_view what) {
    if (outcome.is_good()) return {};
    const bool is_busy = outcome.answer == handle::Answer::too_busy;
    const auto why =
        outcome.message.empty() ? std::string(handle::words_of(outcome.answer)) : outcome.message;
    return fail(is_busy ? Code::exhausted : Code::unavailable, fmt::format("{}: {}", what, why));
}

Result<std::string> site_data(const std::string& address) {
    TRY(const auto parsed, io::parse_address(address));
    handle::Site site;
    handle::Server server;
    TRY(server.address,
        handle::parse_address(parsed.host == "localhost" ? "127.0.0.1" : parsed.host));
    server.interfaces = {{handle::Interface::both, handle::Transport::udp, parsed.port},
                         {handle::Interface::both, handle::Transport::tcp, parsed.port}};
    site.servers.push_back(std::move(server));
    return handle::encode(site);
}

bool is_delegation(const handle::Value& value) {
    return value.type.starts_with("HS_SITE") || value.type.starts_with("HS_SERV") ||
           value.type == "HS_NA_DELEGATE";
}

void note(std::vector<BookStep>& history, std::size_t most, std::string by, std::string step,
          std::string reason) {
    history.push_back({io::Shard::here().now(), std::move(by), std::move(step), std::move(reason)});
    if (history.size() > most) history.erase(history.begin() + 1);
}

}  // namespace

struct BookSteps {
    /// One change after the other. Released when it goes.
    class Turn {
    public:
        explicit Turn(PrefixBook& book) : book_(book) {}
        Turn(const Turn&) = delete;
        ~Turn() {
            if (book_.waiting_.empty()) {
                book_.is_busy_ = false;
                return;
            }
            auto next = std::move(book_.waiting_.front());
            book_.waiting_.erase(book_.waiting_.begin());
            next(true);
        }

    private:
        PrefixBook& book_;
    };
    static io::Task<bool> wait_for_turn(PrefixBook* book) {
        if (!book->is_busy_) {
            book->is_busy_ = true;
            co_return true;
        }
        if (book->waiting_.size() >= book->limits_.page_max) co_return false;
        auto start = [book](io::Answer<bool> answer) {
            book->waiting_.push_back(std::move(answer));
        };
        auto turn = co_await io::suspend<bool>(std::move(start));
        co_return turn;
    }

    static store::Batch& batch(PrefixBook& book) { return book.lane_.batch(); }
    static void put(PrefixBook& book, const Application& one) {
        batch(book).put(store::Family::identity, application_key(one.id), encode_application(one));
    }
    static void put(PrefixBook& book, const PrefixEntry& one) {
        batch(book).put(store::Family::identity, prefix_key(one.prefix), encode_prefix(one));
    }

    static io::Task<Result<PrefixBook::Applied>> apply(PrefixBook* book, Application wish) {
        if (book->applied_.count() >= static_cast<std::int64_t>(book->limits_.waiting_max))
            co_return fail(Code::exhausted, "too many applications wait to be decided: try later");
        PrefixBook::Applied out;
        out.ticket = to_hex(as_bytes(trust::random_bytes(16)));
        wish.id = ++book->last_id_;
        wish.state = ApplicationState::applied;
        wish.history.clear();
        note(wish.history, book->limits_.history_max, "applicant", "apply", "");
        put(*book, wish);
        std::string id;
        Writer(id).put_be(wish.id);
        batch(*book).put(store::Family::identity, ticket_key(out.ticket), id);
        book->applied_.add(1);
        auto done = co_await book->lane_.durable();
        if (!done) {
            book->applied_.add(-1);
            co_return std::unexpected(done.error());
        }
        out.application = std::move(wish);
        co_return out;
    }

    static io::Task<Result<Application>> decide(PrefixBook* book, std::uint64_t id,
                                                bool is_approved, std::string by,
                                                std::string reason) {
        auto has_turn = co_await wait_for_turn(book);
        if (!has_turn) co_return fail(Code::exhausted, "too many changes wait");
        const Turn turn(*book);
        CO_TRY(auto one, book->application(id));
        if (one.state != ApplicationState::applied)
            co_return fail(Code::conflict, fmt::format("it is {} already", name_of(one.state)));
        one.state = is_approved ? ApplicationState::approved : ApplicationState::refused;
        note(one.history, book->limits_.history_max, std::move(by),
             is_approved ? "approve" : "refuse", std::move(reason));
        put(*book, one);
        auto done = co_await book->lane_.durable();
        if (!done) co_return std::unexpected(done.error());
        book->applied_.add(-1);
        if (is_approved) book->approved_.add(1);
        co_return one;
    }

    static bool is_derived_from_own(const PrefixBook& book, std::string_view prefix) {
        return std::ranges::any_of(book.own_, [&](const std::string& own) {
            return prefix != own && handle::is_under(prefix, own);
        });
    }

    // Nothing: it may be allocated.
    static io::Task<Result<void>> is_free(PrefixBook* book, std::string prefix) {
        const auto entry = book->prefix(prefix);
        if (!entry && entry.error().code != Code::not_found)
            co_return std::unexpected(entry.error());
        const bool was_revoked = entry && entry->state == PrefixState::revoked;
        if ((entry && !was_revoked) || book->registry_.homes(prefix))
            co_return fail(Code::conflict, prefix + " is taken");
        CO_TRY(const auto values, book->registry_.values_of(handle::prefix_handle(prefix)));
        if (values && !was_revoked) co_return fail(Code::conflict, prefix + " is taken");
        auto count = co_await book->registry_.count(prefix);
        if (count > 0)
            co_return fail(Code::conflict,
                           prefix + " still has identifiers of an earlier holder: take another");
        co_return Result<void>{};
    }

    static io::Task<Result<std::string>> next_free(PrefixBook* book) {
        if (book->own_.empty())
            co_return fail(Code::invalid, "this node has no prefix to allocate under");
        for (std::uint32_t number = 1; number <= book->limits_.numbers_max; ++number) {
            std::string prefix = fmt::format("{}.{}", book->own_.front(), number);
            auto free = co_await is_free(book, prefix);
            if (free) co_return prefix;
            if (free.error().code != Code::conflict) co_return std::unexpected(free.error());
            if (number % 64 == 0) co_await io::let_others_run();
        }
        co_return fail(Code::exhausted, "no number is free: name the prefix");
    }

    static io::Task<Result<std::string>> prefix_for(PrefixBook* book, std::string wished,
                                                    std::string wanted) {
        const bool is_named = !wished.empty();
        std::string prefix = handle::fold(is_named ? wished : wanted);
        if (!prefix.empty()) {
            const bool is_good = handle::check_name(prefix, {}).has_value() &&
                                 !prefix.contains('/') && prefix.size() <= 255 &&
                                 !prefix.ends_with('.') && !prefix.contains("..");
            if (!is_good || !is_derived_from_own(*book, prefix))
                co_return fail(Code::invalid,
                               fmt::format("\"prefix\": {} is not derived from a prefix of this "
                                           "node ({})",
                                           prefix, fmt::join(book->own_, ", ")));
            CO_TRY_VOID(co_await is_free(book, prefix));
            co_return prefix;
        }
        auto next = co_await next_free(book);
        co_return next;
    }

    static io::Task<Result<Application>> allocate(PrefixBook* book, PrefixBook::Allocation wish) {
        auto has_turn = co_await wait_for_turn(book);
        if (!has_turn) co_return fail(Code::exhausted, "too many changes wait");
        const Turn turn(*book);
        CO_TRY(auto one, book->application(wish.application));
        if (one.state != ApplicationState::approved)
            co_return fail(Code::conflict,
                           fmt::format("it is {}, not approved", name_of(one.state)));
        auto prefix = co_await prefix_for(book, std::move(wish.prefix), one.wanted);
        if (!prefix) co_return std::unexpected(prefix.error());
        PrefixEntry entry;
        entry.prefix = *prefix;
        entry.kind = one.is_hosted ? PrefixKind::hosted : PrefixKind::delegated;
        entry.is_settled = false;
        entry.company = one.company;
        entry.address = one.address;
        entry.organisation = wish.organisation;
        entry.quota = wish.quota;
        entry.application = one.id;
        if (!one.is_hosted) {
            auto delegation = co_await delegation_to(one.address);
            if (!delegation) co_return std::unexpected(delegation.error());
            entry.stash = std::move(*delegation);
        }
        note(entry.history, book->limits_.history_max, wish.by, "allocate", "");
        one.state = ApplicationState::allocated;
        one.prefix = *prefix;
        note(one.history, book->limits_.history_max, wish.by, "allocate", *prefix);
        put(*book, one);
        auto settled = co_await write_and_settle(book, std::move(entry));
        if (!settled) co_return std::unexpected(settled.error());
        book->approved_.add(-1);
        co_return one;
    }

    // The key of the enterprise's node, when it answers: then its answers must be signed with it.
    static io::Task<Result<std::string>> delegation_to(std::string address) {
        CO_TRY(auto own, site_data(address));
        CO_TRY(auto where, io::parse_address(address));
        auto told = co_await ask_site(std::move(where), handle::Transport::tcp);
        if (told && !told->site.servers.empty()) {
            auto site = handle::decode_site(as_bytes(own), {});
            if (site) {
                site->servers[0].public_key = told->site.servers[0].public_key;
                own = handle::encode(*site);
            }
        }
        std::vector<handle::Value> values{
            handle::value_of(site_index, "HS_SITE", own),
            handle::value_of(derived_site_index, "HS_SITE.PREFIX", own)};
        co_return encode_record(values);
    }

    // On disk with its intent first, then the registry follows, then the intent is done.
    static io::Task<Result<PrefixEntry>> write_and_settle(PrefixBook* book, PrefixEntry entry) {
        entry.is_settled = false;
        put(*book, entry);
        auto written = co_await book->lane_.durable();
        if (!written) co_return std::unexpected(written.error());
        auto settled = co_await settle(book, &entry);
        if (!settled) co_return std::unexpected(settled.error());
        co_return entry;
    }

    static io::Task<Result<void>> settle(PrefixBook* book, PrefixEntry* entry) {
        if (entry->kind == PrefixKind::hosted) {
            auto done = co_await settle_hosted(book, entry);
            if (!done) co_return done;
        } else if (entry->kind == PrefixKind::delegated) {
            auto done = co_await settle_delegated(book, entry);
            if (!done) co_return done;
        }
        std::optional<std::int64_t> quota;
        if (entry->quota) quota = static_cast<std::int64_t>(*entry->quota);
        (void)co_await book->registry_.set_quota(entry->prefix, quota);
        entry->is_settled = true;
        put(*book, *entry);
        auto written = co_await book->lane_.durable();
        co_return written;
    }

    static io::Task<Result<void>> settle_hosted(PrefixBook* book, PrefixEntry* entry) {
        const Authority by{true, {}};
        const bool is_active = entry->state == PrefixState::active;
        if (!is_active) {
            auto gone = co_await book->registry_.unhome(entry->prefix, by);
            co_return went_well(gone, entry->prefix);
        }
        auto homed = co_await book->registry_.home(entry->prefix, by);
        CO_TRY_VOID(went_well(homed, entry->prefix));
        Change say;
        say.kind = Change::Kind::add_values;
        say.overwrites = true;
        say.handle = handle::prefix_handle(entry->prefix);
        say.values.push_back(handle::value_of(company_index, "DESC", entry->company));
        auto said = co_await book->registry_.change(std::move(say), by);
        co_return went_well(said, entry->prefix);
    }

    // The delegation is what the prefix handle points to. While it is suspended that is kept aside.
    static io::Task<Result<void>> settle_delegated(PrefixBook* book, PrefixEntry* entry) {
        const std::string name = handle::prefix_handle(entry->prefix);
        CO_TRY(auto values, book->registry_.values_of(name));
        Change change;
        change.handle = name;
        change.kind = Change::Kind::replace_values;
        if (entry->state == PrefixState::revoked) {
            if (!values) co_return Result<void>{};
            change.kind = Change::Kind::remove;
        } else {
            if (values) change.values = std::move(*values);
            const bool is_active = entry->state == PrefixState::active;
            CO_TRY_VOID(is_active ? point(*entry, change.values) : unpoint(*entry, change.values));
            if (std::ranges::none_of(change.values, [](const handle::Value& value) {
                    return value.type == "HS_ADMIN";
                }))
                change.values.push_back(default_admin(entry->prefix, 0));
        }
        if (!entry->stash.empty()) {  // before what it holds leaves the registry
            put(*book, *entry);
            auto kept = co_await book->lane_.durable();
            if (!kept) co_return kept;
        }
        const Authority by{true, {}};
        auto done = co_await book->registry_.change(std::move(change), by);
        co_return went_well(done, name);
    }

    static void set_value(std::vector<handle::Value>& values, handle::Value value) {
        std::erase_if(values, [&](const auto& one) { return one.index == value.index; });
        values.push_back(std::move(value));
    }

    static Result<void> point(PrefixEntry& entry, std::vector<handle::Value>& values) {
        if (!entry.stash.empty()) {
            TRY(auto kept, decode_record(entry.stash));
            for (auto& value : kept) set_value(values, std::move(value));
            entry.stash.clear();
        }
        if (std::ranges::none_of(values, is_delegation)) {
            TRY(const auto site, site_data(entry.address));
            set_value(values, handle::value_of(site_index, "HS_SITE", site));
            set_value(values, handle::value_of(derived_site_index, "HS_SITE.PREFIX", site));
        }
        set_value(values, handle::value_of(company_index, "DESC", entry.company));
        return {};
    }

    static Result<void> unpoint(PrefixEntry& entry, std::vector<handle::Value>& values) {
        std::vector<handle::Value> kept;
        std::ranges::copy_if(values, std::back_inserter(kept), is_delegation);
        if (!kept.empty()) entry.stash = encode_record(kept);
        std::erase_if(values, is_delegation);
        return {};
    }

    static Result<void> check_step(const PrefixEntry& entry, PrefixState to) {
        if (entry.kind == PrefixKind::own)
            return fail(Code::conflict, entry.prefix + " is this node's own (handle.prefix)");
        const bool is_possible = to == PrefixState::suspended ? entry.state == PrefixState::active
                                 : to == PrefixState::active ? entry.state == PrefixState::suspended
                                                             : entry.state != PrefixState::revoked;
        if (is_possible) return {};
        return fail(Code::conflict, fmt::format("{} is {}", entry.prefix, name_of(entry.state)));
    }

    static io::Task<Result<PrefixEntry>> set_state(PrefixBook* book, std::string prefix,
                                                   PrefixState state, std::string by,
                                                   std::string reason) {
        auto has_turn = co_await wait_for_turn(book);
        if (!has_turn) co_return fail(Code::exhausted, "too many changes wait");
        const Turn turn(*book);
        CO_TRY(auto entry, book->prefix(prefix));
        CO_TRY_VOID(check_step(entry, state));
        const char* step = state == PrefixState::suspended ? "suspend"
                           : state == PrefixState::active  ? "resume"
                                                           : "revoke";
        entry.state = state;
        note(entry.history, book->limits_.history_max, by, step, reason);
        auto application = book->application(entry.application);
        if (application) {
            application->state = state == PrefixState::suspended ? ApplicationState::suspended
                                 : state == PrefixState::active  ? ApplicationState::allocated
                                                                 : ApplicationState::revoked;
            note(application->history, book->limits_.history_max, by, step, reason);
            put(*book, *application);
        }
        auto done = co_await write_and_settle(book, std::move(entry));
        co_return done;
    }

    static io::Task<Result<PrefixEntry>> change(PrefixBook* book, std::string prefix,
                                                PrefixBook::PrefixChange wish) {
        auto has_turn = co_await wait_for_turn(book);
        if (!has_turn) co_return fail(Code::exhausted, "too many changes wait");
        const Turn turn(*book);
        CO_TRY(auto entry, book->prefix(prefix));
        if (entry.state == PrefixState::revoked)
            co_return fail(Code::conflict, entry.prefix + " is revoked");
        if (wish.address) {
            if (entry.kind != PrefixKind::delegated)
                co_return fail(Code::conflict, entry.prefix + " is not delegated");
            auto delegation = co_await delegation_to(*wish.address);
            if (!delegation) co_return std::unexpected(delegation.error());
            entry.address = *wish.address;
            entry.stash = std::move(*delegation);
        }
        if (wish.quota) entry.quota = *wish.quota;
        note(entry.history, book->limits_.history_max, std::move(wish.by), "change", "");
        auto done = co_await write_and_settle(book, std::move(entry));
        co_return done;
    }

    // At the start, before anyone asks.
    static io::Task<Result<void>> settle_all(PrefixBook* book) {
        std::string after;
        for (;;) {
            CO_TRY(auto page, book->prefixes(after, book->limits_.page_max));
            if (page.empty()) break;
            after = page.back().prefix;
            for (auto& entry : page) {
                if (!entry.is_settled && !book->store_.is_read_only()) {
                    auto done = co_await settle(book, &entry);
                    if (!done) co_return done;
                } else if (entry.quota) {
                    (void)co_await book->registry_.set_quota(
                        entry.prefix, static_cast<std::int64_t>(*entry.quota));
                }
            }
        }
        if (book->store_.is_read_only()) co_return Result<void>{};
        for (const auto& own : book->own_) {
            const auto entry = book->prefix(own);
            if (entry) continue;
            PrefixEntry made;
            made.prefix = own;
            note(made.history, book->limits_.history_max, "node", "set", "handle.prefix");
            put(*book, made);
        }
        auto written = co_await book->lane_.durable();
        co_return written;
    }
};

PrefixBook::PrefixBook(store::Store& store, io::Shards& shards, store::Lane& lane,
                       Registry& registry, std::vector<std::string> own, BookLimits limits)
    : store_(store),
      shards_(shards),
      lane_(lane),
      registry_(registry),
      own_(std::move(own)),
      limits_(limits) {}

Result<std::unique_ptr<PrefixBook>> PrefixBook::open(store::Store& store, io::Shards& shards,
                                                     store::Lane& lane_0, Registry& registry,
                                                     std::vector<std::string> own,
                                                     BookLimits limits) {
    for (auto& one : own) one = handle::fold(one);
    std::unique_ptr<PrefixBook> out(
        new PrefixBook(store, shards, lane_0, registry, std::move(own), limits));
    TRY_VOID(out->load());
    auto settled = shards.run_blocking(ShardIndex(0), BookSteps::settle_all(out.get()));
    if (!settled) return std::unexpected(settled.error().in("prefixes"));
    return out;
}

Result<void> PrefixBook::load() {
    const KeyRange range = all_applications();
    const auto at = store_.scan(store::Family::identity, range.from, range.until);
    for (; at->is_valid(); at->next()) {
        TRY(const auto one, decode_application(at->value()));
        last_id_ = std::max(last_id_, one.id);
        if (one.state == ApplicationState::applied) applied_.add(1);
        if (one.state == ApplicationState::approved) approved_.add(1);
    }
    return at->status();
}

Result<Application> PrefixBook::application(std::uint64_t id) const {
    TRY(const auto record, store_.get(store::Family::identity, application_key(id)));
    if (!record) return fail(Code::not_found, "no such application");
    return decode_application(*record);
}

Result<Application> PrefixBook::by_ticket(std::string_view ticket) const {
    TRY(const auto record, store_.get(store::Family::identity, ticket_key(ticket)));
    if (!record) return fail(Code::not_found, "no application has that ticket");
    Reader in(as_bytes(*record));
    TRY(const auto id, in.take_be<std::uint64_t>());
    return application(id);
}

Result<std::vector<Application>> PrefixBook::applications(std::optional<std::uint64_t> before,
                                                          std::size_t count_max) const {
    std::vector<Application> out;
    const KeyRange range = all_applications();
    const std::string until = before ? application_key(*before) : range.until;
    const auto at = store_.scan(store::Family::identity, range.from, until);
    at->seek_for_previous(until);
    if (at->is_valid() && at->key() == until) at->previous();
    for (; at->is_valid() && out.size() < std::min(count_max, limits_.page_max); at->previous()) {
        TRY(auto one, decode_application(at->value()));
        out.push_back(std::move(one));
    }
    TRY_VOID(at->status());
    return out;
}

PrefixBook::Waiting PrefixBook::waiting() const {
    return {static_cast<std::size_t>(applied_.count()),
            static_cast<std::size_t>(approved_.count())};
}

Result<PrefixEntry> PrefixBook::prefix(std::string_view prefix) const {
    const std::string name = handle::fold(prefix);
    TRY(const auto record, store_.get(store::Family::identity, prefix_key(name)));
    if (!record) return fail(Code::not_found, "no such prefix here");
    return decode_prefix(*record);
}

Result<std::optional<PrefixEntry>> PrefixBook::holder_of(std::string_view prefix) const {
    const std::string name = handle::fold(prefix);
    for (std::string_view at = name; !at.empty(); at = handle::parent_prefix(at)) {
        auto entry = this->prefix(at);
        if (entry) return std::optional(std::move(*entry));
        if (entry.error().code != Code::not_found) return std::unexpected(entry.error());
    }
    return std::optional<PrefixEntry>();
}

Result<std::vector<PrefixEntry>> PrefixBook::prefixes(std::string_view after,
                                                      std::size_t count_max) const {
    std::vector<PrefixEntry> out;
    const KeyRange range = all_prefixes();
    const std::string from = after.empty() ? range.from : prefix_key(handle::fold(after)) + '\0';
    const auto at = store_.scan(store::Family::identity, from, range.until);
    for (; at->is_valid() && out.size() < std::min(count_max, limits_.page_max); at->next()) {
        TRY(auto one, decode_prefix(at->value()));
        out.push_back(std::move(one));
    }
    TRY_VOID(at->status());
    return out;
}

io::Task<Result<PrefixBook::Applied>> PrefixBook::apply(Application wish) {
    auto done = co_await shards_.at(0).call(&BookSteps::apply, this, std::move(wish));
    co_return done;
}
io::Task<Result<Application>> PrefixBook::decide(std::uint64_t id, bool is_approved, std::string by,
                                                 std::string reason) {
    auto done = co_await shards_.at(0).call(&BookSteps::decide, this, id, is_approved,
                                            std::move(by), std::move(reason));
    co_return done;
}
io::Task<Result<Application>> PrefixBook::allocate(Allocation wish) {
    auto done = co_await shards_.at(0).call(&BookSteps::allocate, this, std::move(wish));
    co_return done;
}
io::Task<Result<PrefixEntry>> PrefixBook::set_state(std::string prefix, PrefixState state,
                                                    std::string by, std::string reason) {
    auto done = co_await shards_.at(0).call(&BookSteps::set_state, this, std::move(prefix), state,
                                            std::move(by), std::move(reason));
    co_return done;
}
io::Task<Result<PrefixEntry>> PrefixBook::change(std::string prefix, PrefixChange wish) {
    auto done =
        co_await shards_.at(0).call(&BookSteps::change, this, std::move(prefix), std::move(wish));
    co_return done;
}

}  // namespace lineshaft::identity
