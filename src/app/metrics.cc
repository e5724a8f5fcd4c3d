#include "app/metrics.h"

#include <fmt/format.h>

namespace lineshaft::app {
namespace {

// Appends one metric with its type line.
struct Page {
    std::string text;

    void add(std::string_view name, std::string_view type, std::uint64_t value) {
        text += fmt::format("# TYPE lineshaft_{0} {1}\nlineshaft_{0} {2}\n", name, type, value);
    }
    void counter(std::string_view name, std::uint64_t value) {
        add(fmt::format("{}_total", name), "counter", value);
    }
    void gauge(std::string_view name, std::uint64_t value) { add(name, "gauge", value); }
};

void add_broker(Page& page, const broker::Stats& stats) {
    for (const auto& field : broker::stat_fields()) {
        const std::string name = fmt::format("mqtt_{}", field.name);
        if (field.is_gauge)
            page.gauge(name, stats.*field.member);
        else
            page.counter(name, stats.*field.member);
    }
}

void add_history(Page& page, const history::Stats& stats) {
    page.counter("history_samples_stored", stats.samples_stored);
    page.counter("history_samples_refused_time", stats.samples_refused_time);
    page.counter("history_samples_refused_name", stats.samples_refused_name);
    page.counter("history_samples_refused_cardinality", stats.samples_refused_cardinality);
    page.counter("history_samples_refused_size", stats.samples_refused_size);
    page.counter("history_samples_replaced", stats.samples_replaced);
    page.counter("history_chunks_sealed", stats.chunks_sealed);
    page.counter("history_chunks_settled", stats.chunks_settled);
    page.gauge("history_samples_fresh", stats.samples_fresh);
    page.counter("history_samples_expired", stats.samples_expired);
    page.counter("history_samples_thinned", stats.samples_thinned);
    page.counter("history_seals_failed", stats.seals_failed);
    page.gauge("history_series", stats.series);
    page.gauge("history_inbox_bytes", stats.inbox_bytes);
    page.gauge("history_head_samples", stats.head_samples);
    page.gauge("history_damaged_chunks", stats.damaged_chunks);
}

void add_sparkplug(Page& page, const sparkplug::HostCounters& counters) {
    page.counter("sparkplug_messages", counters.messages);
    page.counter("sparkplug_samples", counters.samples);
    page.counter("sparkplug_births", counters.births);
    page.counter("sparkplug_deaths", counters.deaths);
    page.counter("sparkplug_malformed", counters.malformed);
    page.counter("sparkplug_unresolved_metrics", counters.unresolved_metrics);
    page.counter("sparkplug_gaps", counters.gaps);
    page.counter("sparkplug_rebirths_wanted", counters.rebirths_wanted);
}

std::uint64_t messages_of(const broker::Stats& stats) {
    return stats.received_qos0 + stats.received_qos1 + stats.received_qos2;
}

}  // namespace

std::string metrics_page(const Measured& measured) {
    Page page;
    add_broker(page, measured.broker);
    page.counter("plant_reports", measured.plant.reports);
    page.counter("plant_samples", measured.plant.samples);
    page.counter("plant_refused", measured.plant.refused);
    add_history(page, measured.history);
    add_sparkplug(page, measured.sparkplug);
    page.counter("store_commits", measured.store.commits);
    page.counter("store_batches", measured.store.batches);
    page.counter("store_written_bytes", measured.store.bytes_written);
    page.counter("store_sync_micros", measured.store.sync_micros_total);
    page.gauge("store_free_bytes", measured.store.free_bytes);
    page.gauge("store_size_bytes", measured.store.size_bytes);
    page.gauge("store_accepting", measured.store.is_accepting ? 1 : 0);
    page.gauge("store_read_only", measured.facts.is_read_only ? 1 : 0);
    page.counter("http_requests", measured.http.requests);
    page.counter("http_refused", measured.http.refused);
    page.gauge("http_connections", measured.http.connections);
    return page.text;
}

api::Rates RateMeter::measure(const broker::Stats& broker, const twin::Counters& plant,
                              const store::Stats& store, io::Steady now) {
    api::Rates rates;
    rates.messages_total = messages_of(broker);
    rates.samples_total = plant.samples;
    rates.refused_total = plant.refused + broker.publishes_refused_rights +
                          broker.publishes_refused_queue + broker.publishes_refused_quota +
                          broker.publishes_refused_store +
                          broker.publishes_refused_tap;
    const double elapsed_s = std::chrono::duration<double>(now - at_).count();
    if (at_ != io::Steady{0} && elapsed_s > 0) {
        rates.messages_per_s =
            static_cast<double>(rates.messages_total - last_.messages_total) / elapsed_s;
        rates.samples_per_s =
            static_cast<double>(rates.samples_total - last_.samples_total) / elapsed_s;
        const std::uint64_t commits = store.commits - commits_;
        if (commits > 0) {
            rates.commit_ms = static_cast<double>(store.sync_micros_total - sync_micros_) / 1000.0 /
                              static_cast<double>(commits);
        }
    }
    commits_ = store.commits;
    sync_micros_ = store.sync_micros_total;
    at_ = now;
    last_ = rates;
    return rates;
}

}  // namespace lineshaft::app
