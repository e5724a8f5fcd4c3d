#include "trust/audit_log.h"

#include <fmt/format.h>

#include <future>

#include "base/check.h"

namespace lineshaft::trust {
namespace {

using store::Family;

constexpr std::string_view checkpoint_key = "c";
constexpr char record_kind = 'r', node_kind = 'n';
constexpr std::size_t problems_max = 100;

std::string record_key(std::uint64_t index) {
    std::string key(1, record_kind);
    Writer(key).put_be(index);
    return key;
}

std::string node_key(MerklePlace place) {
    std::string key(1, node_kind);
    Writer out(key);
    out.put_be(static_cast<std::uint8_t>(place.level));
    out.put_be(place.index);
    return key;
}

std::optional<std::uint64_t> index_of(std::string_view key) {
    if (key.size() != 9 || key.front() != record_kind) return std::nullopt;
    return Reader(as_bytes(key.substr(1))).take_be<std::uint64_t>().value();
}

}  // namespace

Result<std::uint64_t> AuditReader::size() const {
    const auto cursor = store.scan(Family::log, std::string(1, record_kind),
                                   std::string(1, record_kind + 1));
    cursor->seek_for_previous(record_key(~std::uint64_t{0}));
    TRY_VOID(cursor->status());
    if (!cursor->is_valid()) return std::uint64_t{0};
    const auto last = index_of(cursor->key());
    if (!last) return fail(Code::corrupt, "the audit log has a key that is none");
    return *last + 1;
}

Result<std::string> AuditReader::raw(std::uint64_t index) const {
    TRY(auto found, store.get(Family::log, record_key(index)));
    if (!found) return fail(Code::not_found, fmt::format("audit record {} is not there", index));
    return *std::move(found);
}

Result<AuditRecord> AuditReader::record(std::uint64_t index) const {
    TRY(const std::string bytes, raw(index));
    auto record = decode_audit(as_bytes(bytes));
    if (!record)
        return std::unexpected(record.error().in(fmt::format("audit record {}", index)));
    return record;
}

Result<Digest> AuditReader::node(MerklePlace place) const {
    if (place.level == 0) {
        TRY(const std::string bytes, raw(place.index));
        return merkle_leaf(bytes);
    }
    TRY(const auto found, store.get(Family::log, node_key(place)));
    if (!found) {
        return fail(Code::corrupt, fmt::format("the audit log's node {}/{} is missing",
                                               place.level, place.index));
    }
    return digest_of(*found);
}

MerkleNodes AuditReader::nodes() const {
    return [reader = *this](MerklePlace place) { return reader.node(place); };
}

Result<std::string> AuditReader::checkpoint() const {
    TRY(auto found, store.get(Family::log, checkpoint_key));
    return found.value_or("");
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(store::Store& store, const SealKey& node_key,
                                                 std::string origin) {
    std::unique_ptr<AuditLog> log(new AuditLog(store, node_key, std::move(origin)));
    auto loaded = log->load();
    if (!loaded) return std::unexpected(loaded.error().in("audit log"));
    return log;
}

Result<void> AuditLog::load() {
    const AuditReader reader{store_};
    TRY(const std::uint64_t size, reader.size());
    TRY(checkpoint_, reader.checkpoint());
    if (size == 0 && checkpoint_.empty()) return {};
    TRY(const Checkpoint last, open_checkpoint(checkpoint_, public_key()));
    // The name may be another by now; the log keeps the one it began with, as witnesses know it.
    origin_ = last.origin;
    std::vector<Digest> roots;
    for (const MerklePlace place : MerkleFrontier::places(size)) {
        TRY(const Digest root, reader.node(place));
        roots.push_back(root);
    }
    TRY(tree_, MerkleFrontier::restore(size, std::move(roots)));
    if (last.size != size || last.root != tree_.root()) {
        return fail(Code::corrupt,
                    fmt::format("it has {} records, its last checkpoint is about {} others: "
                                "records were changed, removed or added from outside",
                                size, last.size));
    }
    return {};
}

AuditLog::Staged AuditLog::stage(std::span<const AuditRecord> records) const {
    Staged staged{{}, tree_, {}};
    for (const AuditRecord& record : records) {
        const std::string bytes = encode_audit(record);
        staged.batch.put(Family::log, record_key(staged.tree.size()), bytes);
        staged.tree.append(merkle_leaf(bytes), [&](MerklePlace place, const Digest& hash) {
            if (place.level > 0) staged.batch.put(Family::log, node_key(place), text_of(hash));
        });
    }
    staged.checkpoint =
        sign_checkpoint({origin_, staged.tree.size(), staged.tree.root()}, key_);
    staged.batch.put(Family::log, checkpoint_key, staged.checkpoint);
    staged.batch.use_reserve();
    return staged;
}

void AuditLog::adopt(Staged&& staged) {
    tree_ = std::move(staged.tree);
    checkpoint_ = std::move(staged.checkpoint);
}

Result<void> AuditLog::append_now(const AuditRecord& record) {
    Staged staged = stage({&record, 1});
    std::promise<Result<void>> written;
    store_.submit(std::move(staged.batch),
                  [&](Result<void> done) { written.set_value(std::move(done)); });
    TRY_VOID(written.get_future().get());
    adopt(std::move(staged));
    return {};
}

AuditVerdict verify_audit(std::uint64_t records, const AuditRecords& raw, std::string_view note,
                          std::string_view kept_note, std::string_view public_key) {
    AuditVerdict verdict;
    const auto problem = [&](std::string sentence) {
        if (verdict.problems.size() < problems_max) verdict.problems.push_back(std::move(sentence));
    };
    Checkpoint kept;
    if (!kept_note.empty()) {
        auto opened = open_checkpoint(kept_note, public_key);
        if (!opened) problem("the checkpoint that was kept: " + opened.error().context);
        if (opened) kept = *opened;
    }
    if (note.empty() && records == 0 && kept.size == 0) return verdict;
    auto last = open_checkpoint(note, public_key);
    if (!last) problem("the log's checkpoint: " + last.error().context);
    if (last) verdict.checkpoint = *last;
    if (last && records != last->size) {
        problem(fmt::format("the log has {} records, its checkpoint is about {}", records,
                            last->size));
    }
    if (kept.size > records) {
        problem(fmt::format("the log has {} records, the checkpoint that was kept is about {}: it "
                            "was rolled back",
                            records, kept.size));
    }
    MerkleFrontier tree;
    for (std::uint64_t index = 0; index < records; ++index) {
        auto bytes = raw(index);
        if (!bytes) {
            problem(bytes.error().context);
            continue;
        }
        if (const auto record = decode_audit(as_bytes(*bytes)); !record) {
            problem(fmt::format("record {}: {}", index, record.error().context));
        }
        tree.append(merkle_leaf(*bytes));
        ++verdict.records;
        if (kept.size == tree.size() && kept.root != tree.root()) {
            problem(fmt::format("the first {} records are not those of the checkpoint that was "
                                "kept: history was rewritten",
                                kept.size));
        }
    }
    if (last && records == last->size && tree.root() != last->root) {
        problem("the records are not those the checkpoint was signed over: a record was changed, "
                "removed or reordered");
    }
    return verdict;
}

}  // namespace lineshaft::trust
