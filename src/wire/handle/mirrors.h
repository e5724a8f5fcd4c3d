// Following along: what a mirror asks for (opcodes 1001 and 1002), the messages that push changes to a
// mirror of our kind, and the stream that Handle.Net's mirrors pull. Byte tables: docs/protocols/handle.md.
// Decoders and encode() as in bodies.h.
#pragma once
#include "wire/handle/bodies.h"

namespace lineshaft::handle {

/// Which of a site's names a mirror's server wants: those that hash to it (partition_hash).
struct Share {
    std::uint8_t hash_option = 2;  ///< a HashOption; any other: all names
    std::uint32_t servers = 1, server_number = 0;
    bool operator==(const Share&) const = default;
};

/// Message 1001: what a mirror asks for.
struct TransactionsWanted {
    std::string state;  ///< JSON, of peers from 2.9 on; empty: the next two
    bool names_form = true;  ///< false: of peers before 2.9, which know one form only
    std::uint64_t last_transaction = 0, last_date_ms = 0;
    Share share;
    bool operator==(const TransactionsWanted&) const = default;
};
Result<TransactionsWanted> decode_transactions_wanted(Bytes body, const Limits& limits);
/// The same of a peer before 2.9.
Result<TransactionsWanted> decode_old_transactions_wanted(Bytes body, const Limits& limits);
std::string encode(const TransactionsWanted& body);

/// Message 1002: what a mirror asks for that begins anew.
struct DumpWanted {
    Share share;
    std::optional<std::string> from;  ///< what came last, to go on behind it; nothing: not sent
    std::uint32_t from_kind = 0;      ///< sent with `from`: 2 a handle, 3 a prefix (0.NA/...)
    bool operator==(const DumpWanted&) const = default;
};
Result<DumpWanted> decode_dump_wanted(Bytes body, const Limits& limits);
std::string encode(const DumpWanted& body);

/// One handle, as it was after a change, for those who follow along. The records of the reference
/// server's stream, in the bodies of messages.
struct Movement {
    std::uint64_t number = 0;  ///< of the transaction, at its origin
    std::string handle;
    std::uint8_t action = 1;  ///< 1 create, 2 delete, 3 update, 4 home, 5 unhome (a prefix)
    std::uint64_t at_ms = 0;
    std::vector<Value> values;  ///< of 1 and 3
    bool operator==(const Movement&) const = default;
};
/// What one message of the stream brings. A message that was left out or sent again shows: its
/// `after` is not where the one before ended.
struct Movements {
    std::uint64_t after = 0, until = 0;  ///< numbers: after < all of them <= until
    std::vector<Movement> all{};         ///< ascending
    bool operator==(const Movements&) const = default;
};
Result<Movements> decode_movements(Bytes body, const Limits& limits);
std::string encode(const Movements& movements);

/// What stands behind the answer to a pull, on the same connection: an opening, then blocks, each followed
/// by its signature (over that block alone). Transactions: head, [queue name,] movements, [queue end,] end.
/// A dump: head, [position,] handles, prefixes, and dump_end, which has no signature.
namespace pulled {
enum class Status : std::uint32_t { dump_first = 1, transactions = 2 };
/// 1: of one server, its end has the time to ask from next; 2: of queues that are named, each with its own.
enum class Format : std::uint32_t { one_queue = 1, named_queues = 2 };
inline constexpr std::uint32_t dump_from_handle = 2, dump_from_prefix = 3;  ///< DumpWanted::from_kind
inline constexpr std::string_view dump_end = "\xff";

/// `hash`: of the signatures, "SHA-256" or "SHA1".
std::string opening(std::string_view hash);
std::string signature(std::string_view bytes);
std::string head(Format format, Status status);
std::string queue_name(std::string_view name);
std::string movement(const Movement& one);
std::string queue_end(std::uint64_t at_ms);
/// `at_ms`: of one_queue only.
std::string end(Format format, std::uint64_t at_ms);
std::string dump_head();
/// Up to which transaction the dump goes, so that pulling goes on behind it.
std::string dump_position(std::uint64_t at_ms, std::uint64_t transaction);
std::string dump_handle(const HandleValues& one);
/// `handle`: the prefix handle (0.NA/...) of a prefix that lives here.
std::string dump_prefix(std::string_view handle);
}  // namespace pulled

}  // namespace lineshaft::handle
