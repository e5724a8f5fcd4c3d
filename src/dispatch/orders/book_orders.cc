// Prices, shop links, orders, and what machines can sew.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "catalog/rows.h"
#include "dispatch/orders/book_steps.h"

namespace lineshaft::orders {
namespace {

using catalog::Blob;
using catalog::Row;
using catalog::Transaction;

Result<void> check_length(std::string_view what, std::string_view text, std::size_t most) {
    if (text.size() > most)
        return fail(Code::invalid, fmt::format("{} is longer than {} bytes", what, most));
    if (!is_utf8(text)) return fail(Code::invalid, fmt::format("{} is not UTF-8", what));
    return {};
}

// Letters that mean something to LIKE stand for themselves.
std::string like_of(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        if (letter == '%' || letter == '_' || letter == '\\') out += '\\';
        out += letter;
    }
    return out;
}

ShopLink link_of(const Row& row) {
    return {static_cast<std::uint64_t>(row.integer(0)),
            row.id<OrganisationId>(1),
            row.text(2),
            row.instant(3),
            row.text(4),
            row.instant_or_nothing(5),
            row.instant_or_nothing(6),
            row.integer(7),
            row.integer(8),
            row.integer(9)};
}

SewingMachine sewing_machine_of(const Row& row) {
    SewingMachine out;
    out.organisation = row.id<OrganisationId>(0);
    out.machine = row.text(1);
    out.is_told = row.integer(2) != 0;
    out.is_enabled = row.integer(3) != 0;
    out.heads = static_cast<std::uint32_t>(row.integer(4));
    out.needles = static_cast<std::uint32_t>(row.integer(5));
    out.hoop_width_mm = row.real(6);
    out.hoop_height_mm = row.real(7);
    out.rpm_max = row.real(8);
    out.dialect = row.text(9);
    out.delivery = static_cast<Delivery>(row.integer(10));
    out.folder = row.text(11);
    out.threads = split_list(row.text(12));
    return out;
}

#define LINK_COLUMNS                                                                           \
    "id, organisation, name, created_at, created_by, expires_at, revoked_at, orders_per_hour," \
    " quantity_max, orders"
#define SEWING_COLUMNS                                                                           \
    "organisation, machine, is_told, is_enabled, heads, needles, hoop_width_mm, hoop_height_mm," \
    " rpm_max, dialect, delivery, folder, threads"

Result<void> check_machine(const SewingMachine& machine) {
    if (machine.heads < 1 || machine.heads > 64)
        return fail(Code::invalid, "\"heads\" must be 1 to 64");
    if (machine.needles < 1 || machine.needles > 64)
        return fail(Code::invalid, "\"needles\" must be 1 to 64");
    const auto is_hoop = [](double side) { return side >= 20 && side <= 10'000; };
    if (!is_hoop(machine.hoop_width_mm) || !is_hoop(machine.hoop_height_mm))
        return fail(Code::invalid, "\"hoop_mm\" must be two numbers of 20 to 10000");
    if (!(machine.rpm_max >= 50 && machine.rpm_max <= 5'000))
        return fail(Code::invalid, "\"rpm_max\" must be 50 to 5000");
    if (machine.threads.size() > machine.needles)
        return fail(Code::invalid, "\"threads\" names more needles than the machine has");
    return {};
}

}  // namespace

Book::Book(catalog::Catalog& catalog, const Limits& limits)
    : catalog_(catalog), sql_(catalog::database_of(catalog)), limits_(limits) {}

Result<Prices> Book::prices(OrganisationId organisation) {
    Prices out;
    TRY_VOID(
        sql_.query("SELECT currency, setup, thousand_stitches, colour, piece_min, machine_hour,"
                   " thread_km FROM order_price WHERE organisation = $1",
                   {organisation}, [&](const Row& row) {
                       out = {row.text(0),    row.integer(1), row.integer(2), row.integer(3),
                              row.integer(4), row.integer(5), row.integer(6)};
                   }));
    return out;
}

Result<void> Book::set_prices(OrganisationId organisation, const Prices& prices) {
    TRY_VOID(sql_.change(
        "INSERT INTO order_price (organisation, currency, setup, thousand_stitches, colour,"
        " piece_min, machine_hour, thread_km) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT"
        " (organisation) DO UPDATE SET currency = $2, setup = $3, thousand_stitches = $4,"
        " colour = $5, piece_min = $6, machine_hour = $7, thread_km = $8",
        {organisation, prices.currency, prices.setup_minor, prices.thousand_stitches_minor,
         prices.colour_minor, prices.piece_min_minor, prices.machine_hour_minor,
         prices.thread_km_minor}));
    return {};
}

Result<ShopLink> Book::create_link(OrganisationId organisation, ShopLink wanted, Instant now) {
    TRY_VOID(check_length("the name", wanted.name, 128));
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(const std::size_t known,
        BookSteps::count(
            *this, "SELECT COUNT(*) FROM shop_link WHERE organisation = $1 AND revoked_at IS NULL",
            {organisation}));
    if (known >= limits_.links_max)
        return fail(Code::exhausted, fmt::format("there are {} shop links already", known));
    TRY(const std::int64_t id, BookSteps::next_id(*this, "shop_link"));
    wanted.id = static_cast<std::uint64_t>(id);
    wanted.organisation = organisation;
    wanted.created_at = now;
    TRY_VOID(sql_.change("INSERT INTO shop_link (" LINK_COLUMNS
                         ") VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8, 0)",
                         {id, organisation, wanted.name, now, wanted.created_by, wanted.expires_at,
                          wanted.orders_per_hour, wanted.quantity_max}));
    TRY_VOID(transaction.commit());
    return wanted;
}

Result<std::vector<ShopLink>> Book::links(OrganisationId organisation) {
    std::vector<ShopLink> out;
    TRY_VOID(sql_.query("SELECT " LINK_COLUMNS " FROM shop_link WHERE organisation = $1"
                        " AND revoked_at IS NULL ORDER BY id DESC",
                        {organisation}, [&](const Row& row) { out.push_back(link_of(row)); }));
    return out;
}

Result<ShopLink> Book::find_link(std::uint64_t id, Instant now) {
    std::optional<ShopLink> found;
    TRY_VOID(sql_.query("SELECT " LINK_COLUMNS " FROM shop_link WHERE id = $1",
                        {static_cast<std::int64_t>(id)},
                        [&](const Row& row) { found = link_of(row); }));
    const bool is_open =
        found && !found->revoked_at && (!found->expires_at || *found->expires_at > now);
    if (!is_open) return fail(Code::not_found, "this shop link is not valid, or not any more");
    return *std::move(found);
}

Result<void> Book::revoke_link(OrganisationId organisation, std::uint64_t id, Instant now) {
    TRY(const std::size_t changed,
        sql_.change("UPDATE shop_link SET revoked_at = $3 WHERE organisation = $1 AND id = $2"
                    " AND revoked_at IS NULL",
                    {organisation, static_cast<std::int64_t>(id), now}));
    if (changed == 0) return fail(Code::not_found, "no such shop link");
    return {};
}

Result<Order> Book::place(OrganisationId organisation, const NewOrder& wanted,
                          std::int64_t total_minor, const std::string& currency, Instant now,
                          Touched& touched) {
    if (wanted.quantity < 1 || wanted.quantity > limits_.quantity_max)
        return fail(Code::invalid,
                    fmt::format("\"quantity\" must be 1 to {}", limits_.quantity_max));
    if (wanted.priority < 0 || wanted.priority > 100)
        return fail(Code::invalid, "\"priority\" must be 0 to 100");
    TRY_VOID(check_length("\"customer\"", wanted.customer, 256));
    TRY_VOID(check_length("\"contact\"", wanted.contact, 256));
    TRY_VOID(check_length("\"note\"", wanted.note, limits_.text_bytes_max));
    TRY_VOID(check_length("\"cloth\"", wanted.cloth, limits_.cloth_bytes_max));
    if (wanted.file.empty() || wanted.file.size() > limits_.file_bytes_max)
        return fail(Code::invalid, "the design has no stitches, or too many");
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(const std::size_t open,
        BookSteps::count(
            *this, "SELECT COUNT(*) FROM customer_order WHERE organisation = $1 AND state < 4",
            {organisation}));
    if (open >= limits_.open_orders_max)
        return fail(Code::exhausted, fmt::format("{} orders are open already", open));
    TRY(const std::int64_t number, BookSteps::next_id(*this, "customer_order"));
    const SewnDesign& design = wanted.design;
    TRY_VOID(
        sql_.change("INSERT INTO sewing_file (organisation, hash, file) VALUES ($1, $2, $3)"
                    " ON CONFLICT (organisation, hash) DO NOTHING",
                    {organisation, design.hash, Blob{wanted.file}}));
    TRY_VOID(sql_.change("INSERT INTO customer_order (" ORDER_COLUMNS
                         ") VALUES ($1, $2, $3, 0, 0, '', $4, $5, $6, $7,"
                         " $8, $9, $10, $11, NULL, $12, $13, $14, $15, $16, $17, $18, $19, $20, "
                         "$21, $22, $23, '', 0, 0, 0, $24, $25)",
                         {number,
                          organisation,
                          wanted.code,
                          design.name,
                          wanted.customer,
                          wanted.contact,
                          wanted.note,
                          static_cast<std::int64_t>(wanted.quantity),
                          static_cast<std::int64_t>(wanted.priority),
                          now,
                          wanted.due_at,
                          static_cast<std::int64_t>(design.id),
                          design.hash,
                          static_cast<std::int64_t>(design.stitches),
                          static_cast<std::int64_t>(design.colours),
                          design.minutes,
                          design.width_mm,
                          design.height_mm,
                          design.thread_m,
                          joined_list(design.threads),
                          currency,
                          total_minor,
                          static_cast<std::int64_t>(wanted.link),
                          design.fabric,
                          wanted.cloth}));
    if (wanted.link != 0) {
        TRY_VOID(sql_.change("UPDATE shop_link SET orders = orders + 1 WHERE id = $1",
                             {static_cast<std::int64_t>(wanted.link)}));
    }
    TRY(auto order, BookSteps::load_order(*this, organisation, static_cast<std::uint64_t>(number)));
    TRY_VOID(BookSteps::note(*this, order, 0, "placed",
                             stored_reason("quantity", {std::to_string(wanted.quantity), design.name}),
                             wanted.by, now));
    TRY(order, BookSteps::settle(*this, organisation, order.number, 0, now, touched));
    TRY_VOID(transaction.commit());
    return order;
}

Result<Order> Book::find(OrganisationId organisation, std::uint64_t number) {
    return BookSteps::load_order(*this, organisation, number);
}

Result<Order> Book::find_code(std::string_view code) {
    std::optional<Order> found;
    TRY_VOID(sql_.query("SELECT " ORDER_COLUMNS " FROM customer_order WHERE code = $1", {code},
                        [&](const Row& row) { found = BookSteps::order_of(row); }));
    if (!found) return fail(Code::not_found, "no such order");
    return *std::move(found);
}

Result<std::vector<Order>> Book::orders(OrganisationId organisation, const Search& search) {
    std::vector<Order> out;
    const auto end = search.before ? static_cast<std::int64_t>(*search.before) : INT64_MAX;
    const std::int64_t state = search.state ? static_cast<std::int64_t>(*search.state) : -1;
    const std::string like = "%" + like_of(search.text) + "%";
    TRY_VOID(
        sql_.query("SELECT " ORDER_COLUMNS
                   " FROM customer_order WHERE organisation = $1 AND number < $2 AND ($3 < 0 OR"
                   " state = $3) AND ($4 = '%%' OR name LIKE $4 ESCAPE '\\' OR"
                   " customer LIKE $4 ESCAPE '\\' OR CAST(number AS TEXT) LIKE $4 ESCAPE '\\'"
                   " OR code LIKE $4 ESCAPE '\\') ORDER BY number DESC LIMIT $5",
                   {organisation, end, state, like, static_cast<std::int64_t>(search.count_max)},
                   [&](const Row& row) { out.push_back(BookSteps::order_of(row)); }));
    return out;
}

Result<std::vector<std::pair<OrderState, std::uint64_t>>> Book::counts(
    OrganisationId organisation) {
    std::vector<std::pair<OrderState, std::uint64_t>> out;
    for (const OrderState state : all_order_states) out.emplace_back(state, 0);
    TRY_VOID(sql_.query(
        "SELECT state, COUNT(*) FROM customer_order WHERE organisation = $1 GROUP BY state",
        {organisation}, [&](const Row& row) {
            const auto state = static_cast<std::size_t>(row.integer(0));
            if (state < out.size()) out[state].second = static_cast<std::uint64_t>(row.integer(1));
        }));
    return out;
}

Result<Order> Book::hold(OrganisationId organisation, std::uint64_t number, std::string_view why,
                         const std::string& by, Instant now, Touched& touched) {
    TRY_VOID(check_length("\"why\"", why, limits_.text_bytes_max));
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(auto order, BookSteps::load_order(*this, organisation, number));
    if (order.state == OrderState::done || order.state == OrderState::refused)
        return fail(Code::conflict,
                    fmt::format("the order is {}: it cannot be held", name_of(order.state)));
    order.is_held = true;
    order.why = why.empty() ? stored_reason("held_by", {by}) : stored_words(why);
    TRY_VOID(BookSteps::save_order(*this, order));
    TRY(auto jobs, BookSteps::load_jobs(*this, organisation, number));
    for (JobOrder& job : jobs) {
        if (job.state != JobState::allowed_to_start || job.is_given()) continue;
        job.state = JobState::not_allowed_to_start;
        TRY_VOID(BookSteps::save_job(*this, job));
        touched.jobs.insert(job.number);
    }
    TRY_VOID(BookSteps::note(*this, order, 0, "held", order.why, by, now));
    TRY(order, BookSteps::settle(*this, organisation, number, 0, now, touched));
    touched.is_plan_due = true;
    TRY_VOID(transaction.commit());
    return order;
}

Result<Order> Book::release(OrganisationId organisation, std::uint64_t number,
                            const std::string& by, Instant now, Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(auto order, BookSteps::load_order(*this, organisation, number));
    if (!order.is_held)
        return fail(Code::conflict,
                    fmt::format("the order is {}, nobody holds it", name_of(order.state)));
    order.is_held = false;
    order.why.clear();
    TRY_VOID(BookSteps::save_order(*this, order));
    TRY(auto jobs, BookSteps::load_jobs(*this, organisation, number));
    for (JobOrder& job : jobs) {
        if (job.state != JobState::not_allowed_to_start || job.is_given()) continue;
        job.state = JobState::allowed_to_start;
        TRY_VOID(BookSteps::save_job(*this, job));
        touched.jobs.insert(job.number);
    }
    TRY_VOID(BookSteps::note(*this, order, 0, "released", "", by, now));
    TRY(order, BookSteps::settle(*this, organisation, number, 0, now, touched));
    touched.is_plan_due = true;
    TRY_VOID(transaction.commit());
    return order;
}

Result<Order> Book::refuse(OrganisationId organisation, std::uint64_t number, std::string_view why,
                           const std::string& by, Instant now, Touched& touched) {
    TRY_VOID(check_length("\"why\"", why, limits_.text_bytes_max));
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(auto order, BookSteps::load_order(*this, organisation, number));
    if (order.state == OrderState::done || order.state == OrderState::refused)
        return fail(Code::conflict, fmt::format("the order is {} already", name_of(order.state)));
    order.state = OrderState::refused;
    order.why = why.empty() ? stored_reason("refused_by", {by}) : stored_words(why);
    TRY_VOID(BookSteps::save_order(*this, order));
    TRY(auto jobs, BookSteps::load_jobs(*this, organisation, number));
    for (JobOrder& job : jobs) {
        if (is_over(job.state)) continue;
        if (job.is_given()) {  // the machine is told as soon as it listens
            job.asked = has_begun(job.state) ? JobMethod::abort : JobMethod::cancel;
            ++job.sequence;
            touched.machines.insert(job.machine);
        }
        job.is_final = true;
        TRY_VOID(BookSteps::end_job(*this, job, stored_reason("order_refused", {}), now));
        touched.jobs.insert(job.number);
    }
    TRY_VOID(BookSteps::note(*this, order, 0, "refused", order.why, by, now));
    TRY(order, BookSteps::settle(*this, organisation, number, 0, now, touched));
    touched.is_plan_due = true;
    TRY_VOID(transaction.commit());
    return order;
}

Result<Order> Book::change(OrganisationId organisation, std::uint64_t number,
                           const OrderChange& change, const std::string& by, Instant now,
                           Touched& touched) {
    TRY(auto transaction, Transaction::begin(sql_));
    TRY(auto order, BookSteps::load_order(*this, organisation, number));
    if (change.priority && (*change.priority < 0 || *change.priority > 100))
        return fail(Code::invalid, "\"priority\" must be 0 to 100");
    if (change.note) {
        TRY_VOID(check_length("\"note\"", *change.note, limits_.text_bytes_max));
    }
    if (change.due_at) order.due_at = *change.due_at;
    if (change.priority) order.priority = *change.priority;
    if (change.note) order.note = *change.note;
    TRY_VOID(BookSteps::save_order(*this, order));
    TRY_VOID(BookSteps::note(*this, order, 0, "changed", "", by, now));
    TRY_VOID(transaction.commit());
    touched.orders.insert(number);
    touched.is_plan_due = true;
    return order;
}

Result<std::string> Book::file(OrganisationId organisation, std::string_view hash) {
    std::optional<std::string> found;
    TRY_VOID(sql_.query("SELECT file FROM sewing_file WHERE organisation = $1 AND hash = $2",
                        {organisation, hash}, [&](const Row& row) { found = row.text(0); }));
    if (!found) return fail(Code::not_found, "no such file");
    return *std::move(found);
}

Result<std::vector<OrderEvent>> Book::events(OrganisationId organisation, std::uint64_t order,
                                             std::uint64_t after, std::size_t count_max) {
    std::vector<OrderEvent> out;
    TRY_VOID(
        sql_.query("SELECT id, order_number, job, at, kind, text, who FROM order_event WHERE"
                   " organisation = $1 AND order_number = $2 AND id > $3 ORDER BY id LIMIT $4",
                   {organisation, static_cast<std::int64_t>(order),
                    static_cast<std::int64_t>(after), static_cast<std::int64_t>(count_max)},
                   [&](const Row& row) {
                       out.push_back({static_cast<std::uint64_t>(row.integer(0)),
                                      static_cast<std::uint64_t>(row.integer(1)),
                                      static_cast<std::uint64_t>(row.integer(2)), row.instant(3),
                                      row.text(4), row.text(5), row.text(6)});
                   }));
    return out;
}

Result<void> Book::set_identifier(OrganisationId organisation, std::uint64_t order,
                                  std::string_view identifier) {
    TRY(auto transaction, Transaction::begin(sql_));
    TRY_VOID(sql_.change(
        "UPDATE customer_order SET identifier = $3 WHERE organisation = $1 AND number = $2",
        {organisation, static_cast<std::int64_t>(order), identifier}));
    TRY_VOID(
        sql_.change("UPDATE piece SET identifier = $3 || '.' || CAST(number AS TEXT)"
                    " WHERE organisation = $1 AND order_number = $2 AND identifier = ''",
                    {organisation, static_cast<std::int64_t>(order), identifier}));
    return transaction.commit();
}

Result<std::vector<SewingMachine>> Book::machines(OrganisationId organisation) {
    std::vector<SewingMachine> out;
    TRY_VOID(sql_.query("SELECT " SEWING_COLUMNS " FROM sewing_machine WHERE organisation = $1"
                        " ORDER BY machine, is_told DESC",
                        {organisation}, [&](const Row& row) {
                            auto one = sewing_machine_of(row);
                            if (out.empty() || out.back().machine != one.machine)
                                out.push_back(std::move(one));
                        }));
    return out;
}

Result<SewingMachine> Book::machine(OrganisationId organisation, std::string_view machine) {
    std::optional<SewingMachine> found;
    TRY_VOID(sql_.query("SELECT " SEWING_COLUMNS " FROM sewing_machine WHERE organisation = $1"
                        " AND machine = $2 ORDER BY is_told DESC LIMIT 1",
                        {organisation, machine},
                        [&](const Row& row) { found = sewing_machine_of(row); }));
    if (!found) return fail(Code::not_found, fmt::format("{} is no machine that sews", machine));
    return *std::move(found);
}

Result<bool> Book::put_machine(const SewingMachine& machine) {
    TRY_VOID(check_machine(machine));
    TRY(auto transaction, Transaction::begin(sql_));
    std::optional<SewingMachine> known;
    TRY_VOID(sql_.query("SELECT " SEWING_COLUMNS " FROM sewing_machine WHERE organisation = $1"
                        " AND machine = $2 AND is_told = $3",
                        {machine.organisation, machine.machine, machine.is_told},
                        [&](const Row& row) { known = sewing_machine_of(row); }));
    if (known == machine) return false;
    TRY_VOID(sql_.change(
        "INSERT INTO sewing_machine (" SEWING_COLUMNS
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
        " $10, $11, $12, $13) ON CONFLICT (organisation, machine, is_told) DO UPDATE SET"
        " is_enabled = $4, heads = $5, needles = $6, hoop_width_mm = $7, hoop_height_mm = $8,"
        " rpm_max = $9, dialect = $10, delivery = $11, folder = $12, threads = $13",
        {machine.organisation, machine.machine, machine.is_told, machine.is_enabled,
         static_cast<std::int64_t>(machine.heads), static_cast<std::int64_t>(machine.needles),
         machine.hoop_width_mm, machine.hoop_height_mm, machine.rpm_max, machine.dialect,
         static_cast<std::int64_t>(machine.delivery), machine.folder,
         joined_list(machine.threads)}));
    TRY_VOID(transaction.commit());
    return true;
}

Result<void> Book::forget_told(OrganisationId organisation, std::string_view machine) {
    TRY(const std::size_t changed,
        sql_.change(
            "DELETE FROM sewing_machine WHERE organisation = $1 AND machine = $2 AND is_told = 1",
            {organisation, machine}));
    if (changed == 0) return fail(Code::not_found, "nobody said what this machine can sew");
    return {};
}

}  // namespace lineshaft::orders
