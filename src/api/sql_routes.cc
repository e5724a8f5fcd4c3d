// SQL over HTTP: one statement, one answer.
#include "api/json_out.h"
#include "api/routes.h"
#include "api/sql_rows.h"
#include "query/query.h"
#include "trust/rights.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t rows_usual = 1'000, rows_max = 1'000'000;
constexpr std::size_t answer_bytes_max = 32 << 20;  ///< of JSON; then the answer is truncated
constexpr std::size_t batch_rows = 2'000;

struct Asked {
    std::string sql;
    std::vector<query::Value> parameters;
    std::size_t rows = rows_usual;
    query::Session session;
};

Result<query::Value> parameter_of(const json::value& value) {
    if (value.is_null()) return query::Value();
    if (value.is_bool()) return query::Value(value.get_bool());
    if (value.is_int64()) return query::Value(value.get_int64());
    if (value.is_double()) return query::Value(value.get_double());
    if (value.is_string()) return query::Value(std::string(value.get_string()));
    return fail(Code::invalid, "params are texts, numbers, true, false and null");
}

Result<Asked> asked_of(const http::Request& request) {
    TRY(const auto body, body_object(request, {"sql", "params", "limit", "time_zone"}));
    Asked asked;
    const auto* sql = body.if_contains("sql");
    if (sql == nullptr || !sql->is_string() || sql->get_string().empty())
        return fail(Code::invalid, "sql must be a text with one statement");
    asked.sql = sql->get_string();
    if (const auto* params = body.if_contains("params"); params != nullptr && !params->is_null()) {
        if (!params->is_array()) return fail(Code::invalid, "params must be a list");
        for (const auto& param : params->get_array()) {
            auto value = parameter_of(param);
            if (!value) return std::unexpected(value.error());
            asked.parameters.push_back(std::move(*value));
        }
    }
    if (const auto* limit = body.if_contains("limit"); limit != nullptr && !limit->is_null()) {
        if (!limit->is_int64() || limit->get_int64() < 1 ||
            limit->get_int64() > static_cast<std::int64_t>(rows_max))
            return fail(Code::invalid, "limit must be 1 to " + std::to_string(rows_max));
        asked.rows = static_cast<std::size_t>(limit->get_int64());
    }
    if (const auto* zone = body.if_contains("time_zone"); zone != nullptr && !zone->is_null()) {
        const bool is_good = zone->is_string() &&
                             asked.session.set("TimeZone", std::string_view(zone->get_string()));
        if (!is_good) return fail(Code::invalid, "time_zone must be a zone such as Asia/Shanghai");
    }
    return asked;
}

/// Problem details with what PostgreSQL's clients are told, too.
http::Response problem_with(const query::Failure& failure) {
    Error error = query::error_of(failure);
    // A statement that is too large or too greedy will be so again: no 429.
    if (failure.sqlstate.starts_with("54") || failure.sqlstate == "53200")
        error.code = Code::invalid;
    http::Response response = problem_of(error);
    if (failure.sqlstate == "57014") response.status = 408;
    boost::system::error_code problem;
    json::value body = json::parse(response.body, problem);
    if (problem || !body.is_object()) return response;
    auto& details = body.get_object();
    details["sqlstate"] = failure.sqlstate;
    if (failure.sqlstate == "57014") details["status"] = 408;
    if (failure.position > 0) details["position"] = failure.position;
    if (!failure.hint.empty()) details["hint"] = failure.hint;
    response.body = json::serialize(body);
    return response;
}

io::Task<Answer> ask(Call call) {
    query::Engine* engine = call.services->sql;
    if (engine == nullptr) co_return fail(Code::unsupported, "this node serves no SQL");
    if (!call.principal->is_machine() && !trust::may(*call.principal, trust::Right::read))
        co_return fail(Code::denied, "this caller may not read");
    CO_TRY(auto asked, asked_of(call.request));
    auto prepared = co_await engine->prepare(asked.sql, {}, asked.session);
    if (!prepared) co_return problem_with(prepared.error());
    const query::Kind kind = (*prepared)->kind();
    if (kind != query::Kind::rows && kind != query::Kind::show && kind != query::Kind::explain) {
        co_return problem_with({.sqlstate = "0A000",
                                .message = "ask with SELECT, VALUES, EXPLAIN or SHOW",
                                .hint = "Settings last for a connection of pg.listen; here "
                                        "\"time_zone\" stands beside \"sql\"."});
    }
    query::Limits limits = call.services->sql_limits;
    limits.rows_max = asked.rows;
    // Nobody waits for the answer once the client has left.
    auto cursor = engine->execute(*prepared, std::move(asked.parameters), {call.principal},
                                  asked.session, limits, call.request.gone);
    if (!cursor) co_return problem_with(cursor.error());
    JsonOut out;
    out.object().name("columns").array();
    for (const auto& column : (*prepared)->columns()) {
        out.object().name("name").text(column.name);
        out.name("type").text(query::name_of(column.type)).end_object();
    }
    out.end_array().name("rows").array();
    const std::size_t width = (*prepared)->columns().size();
    std::size_t bytes = 0;
    bool is_truncated = false;
    for (bool is_over = false; !is_over;) {
        auto batch = co_await (*cursor)->next(batch_rows);
        if (!batch) co_return problem_with(batch.error());
        put_rows(out, batch->rows, width, batch->values, answer_bytes_max, bytes);
        is_truncated = batch->is_truncated || bytes >= answer_bytes_max;
        is_over = batch->is_last || bytes >= answer_bytes_max;
    }
    out.end_array().name("truncated").flag(is_truncated).end_object();
    co_return reply_text(out.take());
}

}  // namespace

void add_sql_routes(http::Router& router, Services& services) {
    serve(router, services, "POST", "/api/v1/sql", &ask, {.watches_client = true});
}

}  // namespace lineshaft::api
