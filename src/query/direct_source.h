#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "history/answers.h"
#include "query/direct.h"

// Where the rows of a SELECT without SQLite come from. Inside query only.
namespace lineshaft::query {

inline constexpr std::size_t page_rows = 1024, page_rows_max = 8192;

/// Conditions with their constants known. `run` outlives it.
struct DirectChoice {
    explicit DirectChoice(const DirectRun& given) : run(given) {}

    Outcome<void> resolve();
    const catalog::MachineEntry* entry_of(const std::string& machine) const {
        return run.catalog->machine(run.scope.who->organisation, machine);
    }
    /// Of those that `series` names, the ones that the caller may see, that a join finds and that
    /// all other conditions fit; the list itself where that is all of them.
    history::SeriesListPtr fitting(history::SeriesListPtr named) const;
    Outcome<Value> value_of(const Fixed& fixed) const;

    const DirectRun& run;
    history::SeriesChoice series{};
    Window window{first_instant, end_instant};
    history::Only only{};
    std::vector<history::Only> filters{};
    std::vector<std::pair<Item, std::vector<std::string>>> of_machines{};
    std::vector<std::pair<Item, history::Only>> having{};
    std::vector<std::pair<What, std::string>> likes{};
    bool is_nothing = false;  ///< no row can fit

private:
    bool is_left(const catalog::MachineEntry* entry) const;
    bool takes_all() const;
    bool takes(const history::Series& one) const;
    Outcome<void> take(const Condition& condition, history::Only& into);
    Outcome<void> take_time(Condition::Op op, const Value& value);
    Outcome<void> take_texts(const Condition& condition, const std::vector<Value>& values,
                             history::Only& into);
};

/// Rows, a page at a time, `items` wide.
class DirectSource {
public:
    /// Both outlive it.
    static std::unique_ptr<DirectSource> make(const DirectRun& run, const DirectChoice& chosen);
    DirectSource(const DirectRun& run, const DirectChoice& chosen) : run_(run), chosen_(chosen) {}
    virtual ~DirectSource() = default;
    /// Appends about `wanted` rows; false: there are no more.
    virtual io::Task<Outcome<bool>> fill(std::vector<Value>* page, std::size_t wanted) = 0;
    /// Whether rows come as they are to be ordered.
    virtual bool is_in_order() const = 0;
    /// What it holds besides pages.
    virtual std::size_t size_bytes() const { return series().size() * sizeof(history::Series); }
    void set_deadline(io::Steady at) { deadline_ = at; }

protected:
    const Direct& ask() const { return *run_.ask; }
    const catalog::MachineEntry* entry_if_joined(const history::Series& series) const {
        return ask().joins_machines ? chosen_.entry_of(series.machine) : nullptr;
    }
    history::Answers& answers() const { return history::answers_of(*run_.history); }
    /// Before the first row: which series there are, or that none is wanted.
    io::Task<void> find_series();
    void find_nothing() { list_ = std::make_shared<const history::SeriesList>(); }
    bool has_series() const { return list_ != nullptr; }
    const history::SeriesListPtr& list() const { return list_; }
    // Of a page that begins: one that goes on grows by itself, each time to more than it needs.
    void make_room(std::vector<Value>& page, std::size_t rows) const {
        if (page.empty()) page.reserve(rows * ask().items.size());
    }
    const std::vector<history::Series>& series() const;

    const DirectRun& run_;
    const DirectChoice& chosen_;
    io::Steady deadline_{};

private:
    history::SeriesListPtr list_;
};

/// What the catalog says of a machine; nothing: it says nothing, or there is no such machine.
Value said_of(const DirectRun& run, const catalog::MachineEntry* entry, const Item& item);
std::optional<double> number_of_value(const Value& value);
Failure too_much_memory();

}  // namespace lineshaft::query
