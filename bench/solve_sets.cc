#include "solve_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace lineshaft::bench {
namespace {

struct Row {
    double x = 0, y = 0, demand = 0, ready = 0, due = 0, service = 0;
    std::uint32_t pickup = 0, delivery = 0;
};

Result<solve::Problem> build(const std::vector<Row>& rows, std::size_t vehicles, std::int64_t capacity, bool is_pairs) {
    if (rows.size() < 2 || vehicles == 0) return fail(Code::invalid, "no instance");
    const auto leg = [&](std::size_t a, std::size_t b) {
        const double way = std::hypot(rows[a].x - rows[b].x, rows[a].y - rows[b].y);
        return solve::Leg{way, way};
    };
    TRY(auto travel, solve::Travel::from_function(rows.size(), leg));
    solve::Problem problem;
    problem.travel = std::make_shared<const solve::Travel>(std::move(travel));
    solve::Vehicle vehicle;
    vehicle.end = 0;
    vehicle.shift = {rows[0].ready, rows[0].due};
    vehicle.capacity = {capacity, 0, 0};
    problem.vehicles.assign(vehicles, vehicle);
    const auto stop = [&](std::uint32_t i) {
        return solve::Stop{i, rows[i].service, {{rows[i].ready, rows[i].due}}};
    };
    for (std::uint32_t i = 1; i < rows.size(); ++i) {
        if (is_pairs && rows[i].pickup != 0) continue;
        solve::Job job;
        job.at = stop(i);
        job.load = {std::int64_t(rows[i].demand), 0, 0};
        if (is_pairs) {
            if (rows[i].delivery >= rows.size()) return fail(Code::invalid, "a delivery that is not there");
            job.then = stop(rows[i].delivery);
        }
        problem.jobs.push_back(std::move(job));
    }
    return problem;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// `"key": { ... "field": number`, in a file we know the shape of.
double number_of(const std::string& json, const std::string& key, const std::string& field) {
    const std::size_t at = json.find(fmt::format("\"{}\":", key));
    if (at == std::string::npos) return 0;
    const std::size_t value = json.find(fmt::format("\"{}\":", field), at);
    if (value == std::string::npos || value > json.find('}', at)) return 0;
    return std::stod(json.substr(value + field.size() + 3, 32));
}

}  // namespace

Result<solve::Problem> read_solomon(const std::string& text) {
    std::istringstream in(text);
    std::string word;
    while (in >> word && word != "CAPACITY") {}
    std::size_t vehicles = 0;
    std::int64_t capacity = 0;
    in >> vehicles >> capacity;
    while (in >> word && word != "SERVICE") {}
    in >> word;
    std::vector<Row> rows;
    for (Row row; in >> word >> row.x >> row.y >> row.demand >> row.ready >> row.due >> row.service;) rows.push_back(row);
    return build(rows, vehicles, capacity, false);
}

Result<solve::Problem> read_li_lim(const std::string& text) {
    std::istringstream in(text);
    std::size_t vehicles = 0;
    std::int64_t capacity = 0;
    std::string word;
    in >> vehicles >> capacity >> word;
    std::vector<Row> rows;
    for (Row row; in >> word >> row.x >> row.y >> row.demand >> row.ready >> row.due >> row.service >> row.pickup >>
                  row.delivery;)
        rows.push_back(row);
    return build(rows, vehicles, capacity, true);
}

Result<std::vector<Instance>> read_set(const std::string& folder, const std::string& best_known,
                                       const std::string& filter, bool is_li_lim) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().extension() == ".txt" && entry.path().filename() != "SOURCE.txt" &&
            entry.path().stem().string().find(filter) != std::string::npos)
            files.push_back(entry.path());
    if (error) return fail(Code::not_found, fmt::format("{} is not there", folder));
    std::ranges::sort(files);
    const std::string json = read_file(best_known);
    std::vector<Instance> all;
    for (const auto& file : files) {
        Instance one;
        one.name = file.stem().string();
        auto problem = is_li_lim ? read_li_lim(read_file(file)) : read_solomon(read_file(file));
        if (!problem) return std::unexpected(problem.error().in(one.name));
        one.problem = *std::move(problem);
        one.best_hierarchical = number_of(json, one.name, "best_known_cost");
        one.best_vehicles = std::size_t(number_of(json, one.name, "solved_with_vehicles"));
        one.best_distance = number_of(json, one.name + "_distance", "best_known_cost");
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace lineshaft::bench
