#include "app/naming_product.h"

#include <algorithm>

#include "base/log.h"
#include "base/percent.h"
#include "wire/handle/names.h"

namespace lineshaft::app {
namespace {

using identity::Authority;
using identity::Change;

constexpr io::Steady look_every{1'000};
constexpr std::size_t named_at_once = 500;
constexpr std::uint32_t page_index = 1, name_index = 2;

bool is_page_of_machine(const handle::Value& value) {
    return value.index == page_index && value.type == "URL" && value.data.contains("/machines/");
}

// For the pages: of any node that knows whom to ask first.
Result<std::unique_ptr<identity::Resolver>> resolver_to(io::Shards& shards,
                                                        const Settings& settings) {
    std::vector<io::Address> bootstrap;
    for (const auto& text : list_of(settings.handle_bootstrap)) {
        TRY(auto address, io::parse_address(text));
        bootstrap.push_back(std::move(address));
    }
    if (bootstrap.empty()) return std::unique_ptr<identity::Resolver>();
    return std::make_unique<identity::Resolver>(shards, std::move(bootstrap),
                                                identity::ResolverLimits{},
                                                list_of(settings.handle_trusted_keys));
}

}  // namespace

Result<std::unique_ptr<NamingProduct>> NamingProduct::open(Rooms rooms, const Settings& settings) {
    std::unique_ptr<NamingProduct> out(new NamingProduct(std::move(rooms)));
    Rooms& own = out->rooms_;
    out->is_read_only_ = own.store.is_read_only();
    identity::Statistics::Limits limits;
    limits.counts_foreign = settings.node_role != "recursive";
    TRY(out->statistics_, identity::Statistics::open(own.store, own.shards, own.lanes, limits));
    own.registry.set_statistics(*out->statistics_);
    std::vector<std::string> prefixes = list_of(settings.handle_prefix);
    for (auto& prefix : prefixes) prefix = handle::fold(prefix);
    TRY(out->book_,
        identity::PrefixBook::open(own.store, own.shards, *own.lanes[0], own.registry, prefixes));
    out->jobs_ =
        std::make_unique<identity::BulkJobs>(own.store, own.shards, *own.lanes[0], own.registry);
    if (own.resolver == nullptr) {
        TRY(out->own_resolver_, resolver_to(own.shards, settings));
    }
    out->names_machines_ = settings.handle_name_machines;
    out->desk_.reset(new api::NamingDesk{own.registry, *out->book_, *out->statistics_, *out->jobs_,
                                         own.resolver ? own.resolver : out->own_resolver_.get(),
                                         settings.node_role, settings.handle_public_url, prefixes,
                                         settings.handle_case_sensitive});
    while (out->desk_->public_url.ends_with('/')) out->desk_->public_url.pop_back();
    out->desk_->trusted = own.trusted;
    if (!own.own_key.empty()) out->desk_->trusted.push_back(own.own_key);
    out->desk_->signer = own.signer;
    const bool is_mirror = !settings.handle_mirror_of.empty();
    out->desk_->mirror_of = settings.handle_mirror_of;
    if (out->names_machines_ && !is_mirror && !prefixes.empty())
        out->desk_->machine_prefix = prefixes.front();
    return out;
}

// Looks at the catalog once a second; whatever it has and the registry has not is named.
struct MachineNames {
    static std::vector<handle::Value> values_of(const NamingProduct& product,
                                                const catalog::Machine& machine) {
        std::vector<handle::Value> out;
        out.push_back(handle::value_of(page_index, "URL",
                                       product.url_ + "/machines/" + percent_encoded(machine.id)));
        std::string name = machine.name.value_or(machine.id);
        if (machine.kind) name += " (" + *machine.kind + ")";
        out.push_back(handle::value_of(name_index, "DESC", std::move(name)));
        return out;
    }

    // The change that makes `there` as it should be; nothing: it is.
    static std::optional<Change> change_for(const std::string& name,
                                            std::vector<handle::Value> wanted,
                                            const std::vector<handle::Value>* there) {
        Change out;
        out.handle = name;
        if (there == nullptr) {
            out.values = std::move(wanted);
            api::add_admin(out.values, handle::split_name(name).prefix);
            return out;
        }
        std::erase_if(wanted, [&](const handle::Value& value) {
            return std::ranges::any_of(*there, [&](const handle::Value& old) {
                return old.index == value.index && old.type == value.type && old.data == value.data;
            });
        });
        if (wanted.empty()) return std::nullopt;
        out.kind = Change::Kind::add_values;
        out.overwrites = true;
        out.values = std::move(wanted);
        return out;
    }

    static io::Task<bool> make(NamingProduct* product, std::vector<Change> changes) {
        bool all = true;
        const Authority by{true, {}};
        for (std::size_t at = 0; at < changes.size(); at += named_at_once) {
            const auto end = std::min(changes.size(), at + named_at_once);
            std::vector<Change> some(
                std::make_move_iterator(changes.begin() + std::ptrdiff_t(at)),
                std::make_move_iterator(changes.begin() + std::ptrdiff_t(end)));
            auto outcomes = co_await product->rooms_.registry.change_many(std::move(some), by);
            for (const auto& outcome : outcomes) {
                if (outcome.is_good()) continue;
                if (all)
                    log::warn("a machine has no identifier: {}", api::error_of(outcome).context);
                all = false;
            }
        }
        co_return all;
    }

    // Identifiers of machines that are no more.
    static io::Task<std::vector<Change>> left_over(NamingProduct* product,
                                                   std::set<std::string> wanted) {
        std::vector<Change> out;
        auto& registry = product->rooms_.registry;
        const auto& prefix = product->desk_->machine_prefix;
        const std::string begin = identity::machine_handles(prefix);
        std::string after = begin;
        for (bool is_last = false; !is_last;) {
            const auto page = registry.list(prefix, after, named_at_once);
            if (!page) break;
            is_last = page->is_last || page->names.empty();
            for (const auto& name : page->names) {
                after = name;
                if (!name.starts_with(begin)) is_last = true;
                if (is_last && !name.starts_with(begin)) break;
                if (wanted.contains(name)) continue;
                const auto values = registry.values_of(name);
                if (!values || !*values || std::ranges::none_of(**values, is_page_of_machine))
                    continue;
                Change gone;
                gone.kind = Change::Kind::remove;
                gone.handle = name;
                out.push_back(std::move(gone));
            }
            co_await io::let_others_run();
        }
        co_return out;
    }

    static io::Task<bool> settle(NamingProduct* product,
                                 std::shared_ptr<const catalog::Snapshot> snapshot) {
        std::vector<Change> changes;
        std::set<std::string> wanted;
        std::size_t count = 0;
        auto& registry = product->rooms_.registry;
        for (const auto& entry : snapshot->machines(catalog::default_organisation)) {
            const auto name = registry.canonical(
                identity::machine_handle(product->desk_->machine_prefix, entry->machine.id));
            if (!handle::check_name(name, {})) continue;
            wanted.insert(name);
            const auto there = registry.values_of(name);
            if (!there) co_return false;
            auto change =
                change_for(name, values_of(*product, entry->machine), *there ? &**there : nullptr);
            if (change) changes.push_back(std::move(*change));
            if (++count % 64 == 0) co_await io::let_others_run();
        }
        auto gone = co_await left_over(product, std::move(wanted));
        std::ranges::move(gone, std::back_inserter(changes));
        auto made = co_await make(product, std::move(changes));
        co_return made;
    }

    static io::Task<void> follow(NamingProduct* product, catalog::Desk* catalog) {
        std::optional<std::uint64_t> settled;
        for (;;) {
            auto snapshot = catalog->snapshot();
            const auto version = snapshot->version();
            if (settled != version) {
                auto done = co_await settle(product, std::move(snapshot));
                if (done) settled = version;
            }
            auto goes_on = co_await product->pause_.wait(look_every);
            if (!goes_on) co_return;
        }
    }
};

void NamingProduct::name_machines(catalog::Desk& catalog, std::string url) {
    url_ = desk_->public_url.empty() ? std::move(url) : desk_->public_url;
    if (desk_->machine_prefix.empty() || is_read_only_) return;
    rooms_.shards.run_everywhere([&](io::Shard& shard) {
        if (shard.index().number() != 0) return;
        nursery_ = std::make_unique<io::Nursery>("machine names");
        nursery_->spawn(MachineNames::follow(this, &catalog), [this] { pause_.end(); });
    });
}

namespace {

io::Task<bool> end_children(io::Nursery* nursery) {
    co_await nursery->close();
    co_return true;
}

}  // namespace

void NamingProduct::close() {
    if (std::exchange(is_closed_, true)) return;
    if (nursery_) {
        (void)rooms_.shards.run_blocking(ShardIndex(0), end_children(nursery_.get()));
        rooms_.shards.run_everywhere([this](io::Shard& shard) {
            if (shard.index().number() == 0) nursery_.reset();
        });
    }
    if (own_resolver_) own_resolver_->close();
    if (statistics_) statistics_->close();
}

}  // namespace lineshaft::app
