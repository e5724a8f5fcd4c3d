#include "gate/pg/tests/rig.h"

#include <charconv>

namespace lineshaft::pg {
namespace {

using query::Type;

struct FakePrepared final : query::Prepared {
    query::Kind kind() const override { return kind_; }
    std::string_view tag() const override { return tag_; }
    std::span<const Type> parameters() const override { return parameters_; }
    std::span<const query::Column> columns() const override { return columns_; }
    const Setting& setting() const override { return setting_; }
    bool uses_kernel() const override { return false; }

    std::string sql_;
    query::Kind kind_ = query::Kind::rows;
    std::string tag_ = "SELECT";
    std::vector<Type> parameters_;
    std::vector<query::Column> columns_;
    Setting setting_;
};

const std::vector<query::Column> every_type{{"b", Type::boolean}, {"i", Type::int8},
                                            {"f", Type::float8},  {"t", Type::text},
                                            {"at", Type::timestamptz}, {"raw", Type::bytea},
                                            {"nothing", Type::text}};

struct FakeCursor final : query::Cursor {
    FakeCursor(FakeEngine& engine, std::shared_ptr<const FakePrepared> prepared,
               std::vector<query::Value> values, io::StopFlagPtr stop)
        : engine_(engine),
          prepared_(std::move(prepared)),
          values_(std::move(values)),
          stop_(std::move(stop)) {
        ++engine_.open;
        const std::string_view sql = prepared_->sql_;
        if (sql.starts_with("rows "))
            std::from_chars(sql.data() + 5, sql.data() + sql.size(), left_);
    }
    ~FakeCursor() override { --engine_.open; }
    std::span<const query::Column> columns() const override { return prepared_->columns_; }

    io::Task<query::Outcome<query::Batch>> next(std::size_t rows_max) override {
        co_await io::let_others_run();
        query::Batch batch;
        if (prepared_->sql_ == "wait") {
            ++engine_.waiting;
            while (!stop_->is_raised()) co_await io::let_others_run();
            --engine_.waiting;
            co_return query::refuse("57014", "canceling statement due to user request");
        }
        if (prepared_->sql_ == "divide" && made_ > 0)
            co_return query::refuse("22012", "division by zero");
        if (prepared_->sql_ == "types") {
            batch.values = {true,          std::int64_t{-5},
                            1.5,           std::string("é"),
                            Instant{1},    query::ByteArray{"\x01\xff"},
                            query::Value{}};
            batch.rows = 1;
            batch.is_last = true;
            co_return batch;
        }
        if (prepared_->sql_ == "echo") {
            batch.values = values_;
            batch.rows = 1;
            batch.is_last = true;
            co_return batch;
        }
        for (; batch.rows < rows_max && left_ > 0; --left_, ++batch.rows)
            batch.values.emplace_back(static_cast<std::int64_t>(++made_));
        engine_.rows_made += batch.rows;
        batch.is_last = left_ == 0 && prepared_->sql_ != "divide";
        co_return batch;
    }

    FakeEngine& engine_;
    std::shared_ptr<const FakePrepared> prepared_;
    std::vector<query::Value> values_;
    io::StopFlagPtr stop_;
    std::uint64_t left_ = 1, made_ = 0;
};

io::Task<bool> write_some(io::Stream* stream, std::string bytes) {
    auto written = co_await io::write_all(*stream, as_bytes(bytes), std::chrono::seconds(60));
    co_return written.has_value();
}

io::Task<std::optional<std::string>> read_some(io::Stream* stream) {
    auto input = co_await stream->read_some(std::chrono::seconds(60));
    if (!input) {
        EXPECT_NE(input.error().code, Code::timeout) << "the door says nothing";
        co_return std::nullopt;
    }
    co_return std::string(as_text(*input));
}

io::Task<bool> give_way() {
    co_await io::let_others_run();
    co_return true;
}

std::string xored(std::string_view a, std::string_view b) {
    std::string out(a);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ b[i]);
    return out;
}

// Hi() of RFC 5802, 2.2.
std::string salted(std::string_view password, std::string_view salt, unsigned iterations) {
    std::string u(trust::text_of(
        trust::hmac_sha256(password, std::string(salt) + std::string("\0\0\0\1", 4))));
    std::string sum = u;
    for (unsigned i = 1; i < iterations; ++i) {
        u = trust::text_of(trust::hmac_sha256(password, u));
        sum = xored(sum, u);
    }
    return sum;
}

std::string attribute(std::string_view text, std::string_view name) {
    const auto at = text.find(name);
    if (at == text.npos) return {};
    const auto begin = at + name.size();
    return std::string(text.substr(begin, text.find(',', begin) - begin));
}

std::string client_final(std::string_view password, std::string_view bare,
                         std::string_view server_first) {
    unsigned iterations = 1;
    const std::string count = attribute(server_first, ",i=");
    std::from_chars(count.data(), count.data() + count.size(), iterations);
    const auto salt = trust::from_base64(attribute(server_first, ",s="));
    const std::string key(salted(password, *salt, iterations));
    const std::string client_key(trust::text_of(trust::hmac_sha256(key, "Client Key")));
    const auto stored_key = trust::sha256(client_key);
    const std::string without = "c=biws,r=" + attribute(server_first, "r=");
    const std::string message =
        std::string(bare) + "," + std::string(server_first) + "," + without;
    const auto signature = trust::hmac_sha256(trust::text_of(stored_key), message);
    return without + ",p=" + trust::to_base64(xored(client_key, trust::text_of(signature)));
}

}  // namespace

// ---- Engine and gatekeeper ----------------------------------------------------------------------

io::Task<query::Outcome<std::vector<query::Engine::Piece>>> FakeEngine::split(std::string sql) {
    std::vector<Piece> pieces;
    for (std::size_t at = 0; at < sql.size();) {
        const auto end = std::min(sql.find(';', at), sql.size());
        const auto begin = std::min(sql.find_first_not_of(' ', at), end);
        if (begin < end) pieces.push_back({sql.substr(begin, end - begin), begin});
        at = end + 1;
    }
    co_return pieces;
}

io::Task<query::Outcome<query::PreparedPtr>> FakeEngine::prepare(std::string sql,
                                                                 std::vector<Type> declared,
                                                                 query::Session) {
    auto prepared = std::make_shared<FakePrepared>();
    prepared->sql_ = sql;
    prepared->columns_ = {{"n", Type::int8}};
    const auto is_kind = [&](query::Kind kind, std::string tag) {
        prepared->kind_ = kind;
        prepared->tag_ = std::move(tag);
        prepared->columns_.clear();
    };
    if (sql == "bad") co_return query::refuse("42601", "syntax error", 3, "write better");
    if (sql.empty()) is_kind(query::Kind::empty, "");
    if (sql == "types") prepared->columns_ = every_type;
    if (sql == "echo") {
        const bool is_said = !declared.empty() && declared[0] != Type::null;
        prepared->parameters_ = {is_said ? declared[0] : Type::int8};
        prepared->columns_ = {{"p", prepared->parameters_[0]}};
    }
    if (sql == "BEGIN" || sql == "COMMIT") is_kind(query::Kind::transaction, sql);
    if (sql.starts_with("ROLLBACK")) is_kind(query::Kind::transaction, "ROLLBACK");
    if (sql.starts_with("SET ")) {
        is_kind(query::Kind::set, "SET");
        const auto equals = sql.find('=');
        prepared->setting_ = {sql.substr(4, equals - 4), sql.substr(equals + 1), false};
    }
    if (sql.starts_with("DEALLOCATE ")) {
        is_kind(query::Kind::discard, "DEALLOCATE");
        prepared->setting_.name = sql.substr(11);
    }
    if (sql == "DISCARD ALL") is_kind(query::Kind::discard, sql);
    if (sql.starts_with("CLOSE ")) {
        is_kind(query::Kind::discard, "CLOSE CURSOR");
        prepared->setting_.name = sql.substr(6);
    }
    co_return prepared;
}

query::Outcome<std::unique_ptr<query::Cursor>> FakeEngine::execute(
    query::PreparedPtr prepared, std::vector<query::Value> parameters, query::Scope scope,
    query::Session, query::Limits, io::StopFlagPtr cancel) {
    EXPECT_TRUE(scope.who && cancel);
    return std::make_unique<FakeCursor>(*this,
                                        std::dynamic_pointer_cast<const FakePrepared>(prepared),
                                        std::move(parameters), std::move(cancel));
}

Known FakeGate::find(std::string_view user, std::string_view, const io::Peer& peer) const {
    auto who = std::make_shared<trust::Principal>();
    who->kind = trust::PrincipalKind::token;
    who->organisation = OrganisationId(1);
    who->role = trust::Role::viewer;
    who->name = user;
    if (user == "nobody") return {};
    if (user == "loopback") return peer.is_loopback ? Known{std::move(who)} : Known{};
    return {std::move(who),
            trust::format_scram(trust::make_scram_verifier(password, "0123456789abcdef", 4))};
}

// ---- Rig and client -----------------------------------------------------------------------------

void Rig::until(std::function<bool()> is_so) {
    for (;;) {
        bool yes = false;
        shards.run_everywhere([&](io::Shard&) { yes = is_so(); });
        if (yes) return;
        (void)shards.run_blocking(ShardIndex(0), give_way());
    }
}

Client::Client(Rig& rig, io::Peer peer, std::size_t capacity) : rig_(rig) {
    rig.shards.run_everywhere([&](io::Shard&) {
        auto [mine, theirs] = io::memory_streams(capacity, std::move(peer));
        stream_ = std::move(mine);
        rig_.door.serve(std::move(theirs));
    });
}

Client::~Client() {
    rig_.shards.run_everywhere([&](io::Shard&) { stream_ = nullptr; });
}

void Client::leave() {
    rig_.shards.run_everywhere([&](io::Shard&) { stream_->close(); });
}

void Client::send(const std::string& bytes) {
    (void)rig_.shards.run_blocking(ShardIndex(0), write_some(stream_.get(), bytes));
}

bool Client::fill(std::size_t count) {
    while (buffer_.size() < count) {
        const auto more = rig_.shards.run_blocking(ShardIndex(0), read_some(stream_.get()));
        if (!more) return false;
        buffer_ += *more;
    }
    return true;
}

std::string Client::read_bytes(std::size_t count) {
    if (!fill(count)) return {};
    const std::string taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
}

Reply Client::read() {
    const std::string head = read_bytes(5);
    if (head.empty()) return {};
    Reader in(as_bytes(head).subspan(1));
    const auto length = *in.take_be<std::uint32_t>();
    return {head[0], length > 4 ? read_bytes(length - 4) : std::string()};
}

std::vector<Reply> Client::read_until(char type) {
    std::vector<Reply> all;
    for (;;) {
        Reply reply = read();
        if (reply.type == 0) return all;
        all.push_back(std::move(reply));
        if (all.back().type == type) return all;
    }
}

bool Client::is_at_end() {
    return buffer_.empty() && !fill(1);
}

std::vector<Reply> Client::sign_in(const std::string& user, std::string_view password,
                                   std::vector<std::pair<std::string, std::string>> more) {
    postgres::Startup startup{0, {{"user", user}, {"database", "lineshaft"}}};
    for (auto& parameter : more) startup.parameters.push_back(std::move(parameter));
    send(startup);
    Reply asked = read();
    if (asked.type != 'R') return {asked};
    if (asked.body.substr(0, 4) == std::string("\0\0\0\x0a", 4)) {
        const std::string bare = "n=,r=clientnonce";
        send(postgres::SaslInitial{"SCRAM-SHA-256", "n,," + bare});
        const Reply first = read();
        if (first.type != 'R') return {first};
        send(postgres::SaslResponse{client_final(password, bare, first.body.substr(4))});
        asked = read();
        if (asked.type != 'R') return {asked};
    }
    auto all = read_until('Z');
    for (const Reply& reply : all) {
        if (reply.type != 'K') continue;
        Reader in(as_bytes(reply.body));
        process = *in.take_be<std::uint32_t>();
        key = *in.take_be<std::uint32_t>();
    }
    return all;
}

std::string Reply::field(char name) const {
    for (std::size_t at = 0; at < body.size() && body[at] != '\0';) {
        const auto end = body.find('\0', at);
        if (body[at] == name) return body.substr(at + 1, end - at - 1);
        at = end + 1;
    }
    return {};
}

std::string types_of(const std::vector<Reply>& replies) {
    std::string types;
    for (const Reply& reply : replies) types += reply.type;
    return types;
}

std::vector<std::string> values_of(const Reply& row) {
    std::vector<std::string> values;
    Reader in(as_bytes(row.body));
    const auto count = *in.take_be<std::uint16_t>();
    for (unsigned i = 0; i < count; ++i) {
        const auto length = *in.take_be<std::uint32_t>();
        if (length == 0xffff'ffff)
            values.emplace_back("NULL");
        else
            values.emplace_back(as_text(*in.take(length)));
    }
    return values;
}

}  // namespace lineshaft::pg
