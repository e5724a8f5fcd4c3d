// The audit log on disk: records in the store's `log` family, their Merkle tree, and a signed
// checkpoint per commit. docs/formats/audit.md.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/store.h"
#include "trust/audit_record.h"
#include "trust/checkpoint.h"
#include "trust/merkle.h"

namespace lineshaft::trust {

/// Append-only. Changing, removing or reordering any record changes the root, and the root is
/// signed. Writing is of one thread at a time; reading goes on any thread meanwhile and sees what
/// is on disk.
class AuditLog {
public:
    /// `origin` names the log in its checkpoints. Errors: corrupt (the tree's parts are missing, or
    /// the last checkpoint is not of this tree and key: tampered with, or another node's key).
    static Result<std::unique_ptr<AuditLog>> open(store::Store& store, const SealKey& node_key,
                                                  std::string origin);

    /// What appending `records` would write: nothing has happened yet. Give `batch` to the store;
    /// when it is on disk, adopt(). One at a time: stage, commit, adopt or drop.
    struct Staged {
        store::Batch batch;
        MerkleFrontier tree;
        std::string checkpoint;
    };
    Staged stage(std::span<const AuditRecord> records) const;
    void adopt(Staged&& staged);

    /// Stage, commit and adopt, waiting: for the command line and the start. Errors: of the store.
    Result<void> append_now(const AuditRecord& record);

    /// The writer's view: what was adopted.
    std::uint64_t size() const { return tree_.size(); }
    const std::string& checkpoint() const { return checkpoint_; }  ///< empty before the first
    const std::string& origin() const { return origin_; }
    std::string public_key() const { return key_.public_key(); }

private:
    AuditLog(store::Store& store, const SealKey& node_key, std::string origin)
        : store_(store), key_(node_key.derive("audit")), origin_(std::move(origin)) {}
    Result<void> load();

    store::Store& store_;
    SigningKey key_;
    std::string origin_;
    MerkleFrontier tree_;
    std::string checkpoint_;
};

/// Reading, from any thread. Errors: corrupt (a record or node is missing or not readable).
struct AuditReader {
    store::Store& store;

    /// Records there are on disk.
    Result<std::uint64_t> size() const;
    Result<std::string> raw(std::uint64_t index) const;  ///< not_found: past the end
    Result<AuditRecord> record(std::uint64_t index) const;
    Result<Digest> node(MerklePlace place) const;
    MerkleNodes nodes() const;
    /// The last signed checkpoint; empty: none yet.
    Result<std::string> checkpoint() const;
};

/// What a whole check found.
struct AuditVerdict {
    std::uint64_t records = 0;
    Checkpoint checkpoint;              ///< the last one, signed by the node's key
    std::vector<std::string> problems;  ///< sentences; empty: as it was written
};
/// Gives record `index`, as it was written.
using AuditRecords = std::function<Result<std::string>(std::uint64_t index)>;

/// Recomputes the tree from the records alone and compares it with `note`, and with an older
/// checkpoint that a witness kept (`kept_note`, may be empty): the old root must be the root of the
/// first records. Linear: about a million records a second. Any thread.
AuditVerdict verify_audit(std::uint64_t records, const AuditRecords& raw, std::string_view note,
                          std::string_view kept_note, std::string_view public_key);

}  // namespace lineshaft::trust
