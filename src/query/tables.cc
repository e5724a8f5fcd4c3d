// Virtual tables of SQLite: the bridge, and the tables that are lists.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>

#include "base/check.h"
#include "base/json_quoted.h"
#include "query/run.h"

namespace lineshaft::query {
namespace {

/// What SQLite is handed: its structs first, ours behind.
struct Bridge {
    const Table* table;
    RunSlot* slot;
};
struct BridgedTable : sqlite3_vtab {
    Bridge bridge{};
};
struct BridgedScan : sqlite3_vtab_cursor {
    std::unique_ptr<Scan> scan{};
    std::vector<sqlite3_value*> values{};
};

Run& run_of(sqlite3_vtab_cursor* cursor) {
    return *static_cast<BridgedTable*>(cursor->pVtab)->bridge.slot->run;
}

int told(sqlite3_vtab_cursor* cursor, Outcome<void> outcome) {
    if (outcome) return SQLITE_OK;
    run_of(cursor).fail_with(std::move(outcome).error());
    return SQLITE_ABORT;
}

int connect_table(sqlite3* connection, void* aux, int, const char* const*, sqlite3_vtab** out,
                  char**) {
    const auto* bridge = static_cast<const Bridge*>(aux);
    const int outcome = sqlite3_declare_vtab(connection, bridge->table->declaration().c_str());
    if (outcome != SQLITE_OK) return outcome;
    auto* made = new BridgedTable{};
    made->bridge = *bridge;
    *out = made;
    return SQLITE_OK;
}
int disconnect_table(sqlite3_vtab* table) {
    delete static_cast<BridgedTable*>(table);
    return SQLITE_OK;
}
int best_index(sqlite3_vtab* table, sqlite3_index_info* ask) {
    static_cast<BridgedTable*>(table)->bridge.table->best_index(*ask);
    return SQLITE_OK;
}
int open_scan(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
    const Bridge& bridge = static_cast<BridgedTable*>(table)->bridge;
    auto* made = new BridgedScan{};
    made->scan = bridge.table->open(*bridge.slot->run);
    *out = made;
    return SQLITE_OK;
}
int close_scan(sqlite3_vtab_cursor* cursor) {
    delete static_cast<BridgedScan*>(cursor);
    return SQLITE_OK;
}
int filter(sqlite3_vtab_cursor* cursor, int plan, const char* words, int count,
           sqlite3_value** values) {
    auto* bridged = static_cast<BridgedScan*>(cursor);
    if (!run_of(cursor).may_go_on()) return SQLITE_ABORT;
    return told(cursor, bridged->scan->start(plan, words == nullptr ? "" : words,
                                             std::span(values, static_cast<std::size_t>(count))));
}
int next_row(sqlite3_vtab_cursor* cursor) {
    return told(cursor, static_cast<BridgedScan*>(cursor)->scan->next());
}
int is_at_end(sqlite3_vtab_cursor* cursor) {
    return static_cast<BridgedScan*>(cursor)->scan->is_at_end() ? 1 : 0;
}
int column(sqlite3_vtab_cursor* cursor, sqlite3_context* out, int index) {
    static_cast<BridgedScan*>(cursor)->scan->column(out, index);
    return SQLITE_OK;
}
int row_id(sqlite3_vtab_cursor*, sqlite3_int64* out) {
    *out = 0;
    return SQLITE_OK;
}

const sqlite3_module module_of_tables = [] {
    sqlite3_module module{};
    module.iVersion = 1;
    module.xConnect = &connect_table;  // no xCreate: the name is the table
    module.xBestIndex = &best_index;
    module.xDisconnect = &disconnect_table;
    module.xOpen = &open_scan;
    module.xClose = &close_scan;
    module.xFilter = &filter;
    module.xNext = &next_row;
    module.xEof = &is_at_end;
    module.xColumn = &column;
    module.xRowid = &row_id;
    return module;
}();

/// Rows that are made in pieces.
class ListScan : public Scan {
public:
    using Rows = std::vector<std::vector<Value>>;
    explicit ListScan(Run& run) : run_(run) {}
    bool is_at_end() const override { return at_ == rows_.size() && is_over_; }
    Outcome<void> next() override {
        ++at_;
        return fill();
    }
    void column(sqlite3_context* out, int index) const override {
        give(out, rows_[at_][static_cast<std::size_t>(index)]);
    }

protected:
    /// More rows; none: there are no more.
    virtual Outcome<Rows> more() = 0;
    Outcome<void> begin() {
        is_over_ = false;
        rows_.clear();
        at_ = 0;
        return fill();
    }
    Run& run_;

private:
    Outcome<void> fill() {
        if (at_ < rows_.size() || is_over_) return {};
        if (!run_.may_go_on()) return std::unexpected(*run_.failure);
        TRY(rows_, more());
        at_ = 0;
        is_over_ = rows_.empty();
        return {};
    }
    Rows rows_;
    std::size_t at_ = 0;
    bool is_over_ = true;
};

/// Asks SQLite for `column = value`, alone.
void ask_for_equal(sqlite3_index_info& ask, std::initializer_list<int> columns, double rows) {
    int arguments = 0;
    ask.idxNum = 0;
    for (const int wanted : columns) {
        for (int index = 0; index < ask.nConstraint; ++index) {
            const auto& constraint = ask.aConstraint[index];
            if (constraint.usable == 0 || constraint.iColumn != wanted ||
                constraint.op != SQLITE_INDEX_CONSTRAINT_EQ)
                continue;
            ask.aConstraintUsage[index].argvIndex = ++arguments;
            ask.idxNum |= 1 << wanted;
            rows /= wanted == 0 ? 1000 : 20;
            break;
        }
    }
    ask.estimatedCost = std::max(rows, 1.0);
    ask.estimatedRows = static_cast<sqlite3_int64>(std::max(rows, 1.0));
}

template <class T>
Value or_null(const std::optional<T>& value) {
    return value ? Value(*value) : Value();
}
Value text_or_null(std::string_view text) {
    return text.empty() ? Value() : Value(std::string(text));
}

std::string attributes_json(const catalog::MachineEntry& entry) {
    std::string out = "{";
    for (const auto* list : {&entry.attributes, &entry.shared}) {
        for (const auto& attribute : *list) {
            if (out.size() > 1) out += ',';
            out += json_quoted(attribute.name) + ":" + attribute.value;
        }
    }
    return out + "}";
}

/// A text that comes before `id`, and after every id that does.
std::string just_before(std::string id) {
    id.back() = static_cast<char>(id.back() - 1);  // no id holds control characters
    return id + "\xff\xff";
}

/// What the twins know is asked only for rows and columns that are looked at.
class MachinesScan final : public Scan {
public:
    explicit MachinesScan(Run& run) : run_(run) {}
    Outcome<void> start(int plan, std::string_view, std::span<sqlite3_value*> values) override {
        all_ = run_.catalog->machines(run_.organisation());
        at_ = 0;
        until_ = all_.size();
        if ((plan & 1) != 0) {  // of a join, say: the next is near, and what is known is kept
            const std::string_view only = text_of(values[0]);
            const auto found = std::ranges::lower_bound(all_, only, {}, [](const auto& entry) {
                return std::string_view(entry->machine.id);
            });
            at_ = static_cast<std::size_t>(found - all_.begin());
            until_ = at_ + (found != all_.end() && (*found)->machine.id == only ? 1 : 0);
        } else {
            are_asked_ = false;
        }
        return to_seen();
    }
    bool is_at_end() const override { return at_ >= until_; }
    Outcome<void> next() override {
        ++at_;
        return to_seen();
    }
    void column(sqlite3_context* out, int index) const override {
        const catalog::MachineEntry& entry = *all_[at_];
        const auto& machine = entry.machine;
        const auto* site = (index == 3 || index == 4) && machine.site
                               ? run_.catalog->site(run_.organisation(), *machine.site)
                               : nullptr;
        const bool is_present = (index >= 5 && index <= 7) || index == 9 || index == 12 ||
                                index == 13;
        const auto* state = is_present ? state_of(machine.id) : nullptr;
        if (is_present && state == nullptr) return sqlite3_result_null(out);
        switch (index) {
            case 0: return give(out, machine.id);
            case 1: return give(out, or_null(machine.name));
            case 2: return give(out, or_null(machine.kind));
            case 3: return give(out, site ? Value(site->name) : Value());
            case 4: return give(out, site ? Value(site->time_zone) : Value());
            case 5: return give(out, text_or_null(state->connection));
            case 6: return give(out, text_or_null(state->state));
            case 7: return give(out, text_or_null(state->fault));
            case 8: return give(out, text_or_null(machine.source));
            case 9: return give(out, state->last_seen);
            case 10: return give(out, machine.first_seen);
            case 11: return give(out, or_null(machine.adopted_at));
            case 12: return give(out, or_null(state->latitude));
            case 13: return give(out, or_null(state->longitude));
            default: return give(out, attributes_json(entry));
        }
    }

private:
    static constexpr std::size_t page = 512;

    Outcome<void> to_seen() {
        while (at_ < until_ && !run_.sees(all_[at_]->machine.id)) ++at_;
        if (!run_.may_go_on()) return std::unexpected(*run_.failure);
        return {};
    }

    const Present::Machine* state_of(const std::string& id) const {
        const auto find = [&]() -> const Present::Machine* {
            const auto found = std::ranges::lower_bound(states_, id, {}, &Present::Machine::id);
            return found != states_.end() && found->id == id ? &*found : nullptr;
        };
        const bool is_behind_all = states_.size() < page;
        if (are_asked_ && states_from_ <= id && (is_behind_all || id <= states_.back().id))
            return find();
        are_asked_ = true;
        states_from_ = id;
        states_ =
            run_.wait(run_.present.machines_after(run_.organisation(), just_before(id), page));
        return find();
    }

    Run& run_;
    std::span<const std::shared_ptr<const catalog::MachineEntry>> all_;
    std::size_t at_ = 0, until_ = 0;
    // Of the machines from `states_from_` on, a page of them.
    mutable std::vector<Present::Machine> states_;
    mutable std::string states_from_;
    mutable bool are_asked_ = false;
};

/// Series in pieces, with what a row adds.
class SeriesScan : public ListScan {
public:
    using ListScan::ListScan;
    Outcome<void> start(int plan, std::string_view, std::span<sqlite3_value*> values) override {
        SeriesChoice choice;
        std::size_t next = 0;
        if ((plan & 1) != 0) choice.machines = {std::string(text_of(values[next++]))};
        if ((plan & 2) != 0) choice.tags = {std::string(text_of(values[next]))};
        run_.meter.give_back(series_.size() * sizeof(history::Series));
        TRY(series_, series_chosen(run_, choice));
        after_ = 0;
        return begin();
    }
    ~SeriesScan() override { run_.meter.give_back(series_.size() * sizeof(history::Series)); }

protected:
    std::span<const history::Series> page() {
        const std::size_t from = after_;
        after_ = std::min(series_.size(), after_ + 1024);
        return std::span(series_).subspan(from, after_ - from);
    }

private:
    std::vector<history::Series> series_;
    std::size_t after_ = 0;
};

class TagsScan final : public SeriesScan {
public:
    using SeriesScan::SeriesScan;

private:
    Outcome<Rows> more() override {
        Rows rows;
        for (const auto& series : page()) {
            const auto* known = run_.catalog->tag(run_.organisation(), series.machine, series.tag);
            rows.push_back(
                {series.machine, series.tag, std::string(history::name_of(series.kind)),
                 known ? or_null(known->label) : Value(), known ? or_null(known->unit) : Value(),
                 known ? or_null(known->low) : Value(), known ? or_null(known->high) : Value(),
                 Value(known != nullptr && known->writable.value_or(false))});
        }
        return rows;
    }
};

class LatestScan final : public SeriesScan {
public:
    using SeriesScan::SeriesScan;

private:
    Outcome<Rows> more() override {
        Rows rows;
        while (rows.empty()) {
            const auto part = page();
            if (part.empty()) break;
            std::vector<history::Series> asked(part.begin(), part.end());
            auto newest = run_.wait(run_.history.newest(std::move(asked)));
            if (!newest) return std::unexpected(failure_of(newest.error()));
            for (std::size_t index = 0; index < part.size(); ++index) {
                const auto& sample = (*newest)[index];
                if (!sample) continue;
                const auto* text = std::get_if<std::string>(&sample->value);
                const bool is_believable = sample->quality == history::Quality::good ||
                                           sample->quality == history::Quality::uncertain;
                rows.push_back({part[index].machine, part[index].tag, sample->at,
                                text == nullptr && is_believable
                                    ? Value(history::number_of(sample->value))
                                    : Value(),
                                text != nullptr && sample->quality != history::Quality::missing
                                    ? Value(*text)
                                    : Value(),
                                std::string(history::name_of(sample->quality))});
            }
        }
        return rows;
    }
};

class SitesScan final : public ListScan {
public:
    using ListScan::ListScan;
    Outcome<void> start(int, std::string_view, std::span<sqlite3_value*>) override {
        is_done_ = false;
        return begin();
    }

private:
    Outcome<Rows> more() override {
        Rows rows;
        if (std::exchange(is_done_, true) || run_.scope.who->is_machine()) return rows;
        for (const auto& site : run_.catalog->sites(run_.organisation())) {
            rows.push_back({site.name, site.time_zone,
                            site.position ? Value(site.position->latitude) : Value(),
                            site.position ? Value(site.position->longitude) : Value()});
        }
        return rows;
    }
    bool is_done_ = false;
};

class SystemScan final : public ListScan {
public:
    SystemScan(Run& run, const SystemTable& table) : ListScan(run), table_(table) {}
    Outcome<void> start(int, std::string_view, std::span<sqlite3_value*>) override {
        is_done_ = false;
        return begin();
    }

private:
    Outcome<Rows> more() override {
        if (std::exchange(is_done_, true)) return Rows();
        const Asker asker{run_.scope, run_.session};
        return table_.rows(asker);
    }
    const SystemTable& table_;
    bool is_done_ = false;
};

template <class ScanKind>
class ListTable final : public Table {
public:
    ListTable(std::size_t shape, std::initializer_list<int> keys, double rows)
        : shape_(shown_tables()[shape]), keys_(keys), rows_(rows) {}
    std::string declaration() const override { return declaration_of(shape_.columns); }
    void best_index(sqlite3_index_info& ask) const override {
        if (keys_.size() == 2)
            ask_for_equal(ask, {0, 1}, rows_);
        else if (keys_.size() == 1)
            ask_for_equal(ask, {0}, rows_);
        else
            ask_for_equal(ask, {}, rows_);
    }
    std::unique_ptr<Scan> open(Run& run) const override { return std::make_unique<ScanKind>(run); }

private:
    const TableShape& shape_;
    std::vector<int> keys_;
    double rows_;
};

class SystemTableOf final : public Table {
public:
    // How many rows there are decides where a join begins: at one of the many that have none.
    explicit SystemTableOf(const SystemTable& table)
        : table_(table), count_(static_cast<double>(table.rows({Scope{}, Session{}}).size())) {}
    std::string declaration() const override { return declaration_of(table_.shape.columns); }
    void best_index(sqlite3_index_info& ask) const override { ask_for_equal(ask, {}, count_); }
    std::unique_ptr<Scan> open(Run& run) const override {
        return std::make_unique<SystemScan>(run, table_);
    }

private:
    const SystemTable& table_;
    const double count_;
};

}  // namespace

void give(sqlite3_context* out, const Value& value) {
    switch (type_of(value)) {
        case Type::null: return sqlite3_result_null(out);
        case Type::boolean: return sqlite3_result_int(out, std::get<bool>(value) ? 1 : 0);
        case Type::int8: return sqlite3_result_int64(out, std::get<std::int64_t>(value));
        case Type::float8: return sqlite3_result_double(out, std::get<double>(value));
        case Type::timestamptz: return sqlite3_result_int64(out, std::get<Instant>(value).micros);
        case Type::text: {
            const auto& text = std::get<std::string>(value);
            return sqlite3_result_text64(out, text.data(), text.size(), SQLITE_TRANSIENT,
                                         SQLITE_UTF8);
        }
        case Type::bytea: {
            const auto& bytes = std::get<ByteArray>(value).bytes;
            return sqlite3_result_blob64(out, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
        }
    }
}

std::string_view text_of(sqlite3_value* value) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    return text == nullptr
               ? std::string_view()
               : std::string_view(text, static_cast<std::size_t>(sqlite3_value_bytes(value)));
}

std::string declaration_of(std::span<const Column> columns, std::string_view hidden) {
    std::string out = "CREATE TABLE x(";
    for (const Column& each : columns) {
        const std::string_view type = each.type == Type::text     ? "TEXT"
                                      : each.type == Type::float8 ? "REAL"
                                      : each.type == Type::bytea  ? "BLOB"
                                                                  : "INTEGER";
        out += fmt::format("{}\"{}\" {}", &each == columns.data() ? "" : ", ", each.name, type);
    }
    return out + std::string(hidden) + ")";
}

const Table& machines_table() {
    static const ListTable<MachinesScan> table(0, {0}, 1'000);
    return table;
}
const Table& tags_table() {
    static const ListTable<TagsScan> table(1, {0, 1}, 20'000);
    return table;
}
const Table& latest_table() {
    static const ListTable<LatestScan> table(2, {0, 1}, 20'000);
    return table;
}
const Table& sites_table() {
    static const ListTable<SitesScan> table(4, {}, 10);
    return table;
}

bool add_tables(sqlite3* connection, RunSlot& slot) {
    const auto add = [&](const std::string& name, const Table& table) {
        return sqlite3_create_module_v2(
                   connection, name.c_str(), &module_of_tables, new Bridge{&table, &slot},
                   [](void* bridge) { delete static_cast<Bridge*>(bridge); }) == SQLITE_OK;
    };
    static const std::vector<SystemTableOf> systems = [] {
        std::vector<SystemTableOf> made;
        for (const SystemTable& table : system_tables()) made.emplace_back(table);
        return made;
    }();
    bool is_good = add("ls_public_machines", machines_table()) &&
                   add("ls_public_tags", tags_table()) && add("ls_public_latest", latest_table()) &&
                   add("ls_public_sites", sites_table()) &&
                   add("ls_public_samples", samples_table()) && add("ls_kernel", kernel_table());
    for (std::size_t index = 0; index < systems.size(); ++index) {
        const TableShape& shape = system_tables()[index].shape;
        is_good = is_good && add(fmt::format("ls_{}_{}", shape.schema, shape.name), systems[index]);
    }
    return is_good;
}

}  // namespace lineshaft::query
