#pragma once
#include <string>
#include <vector>

#include "query/analyser.h"
#include "query/direct.h"

// What prepare() gives. Inside query only.
namespace lineshaft::query {

class Statement final : public Prepared {
public:
    Kind kind() const override { return kind_; }
    std::string_view tag() const override { return tag_; }
    std::span<const Type> parameters() const override { return parameters_; }
    std::span<const Column> columns() const override { return columns_; }
    const Setting& setting() const override { return setting_; }
    bool uses_kernel() const override { return uses_kernel_; }

    Kind kind_ = Kind::rows;
    std::string tag_ = "SELECT";
    std::vector<Type> parameters_{};
    std::vector<T> inner_parameters_{};
    std::vector<Column> columns_{};
    std::vector<T> types_{};
    Setting setting_{};
    bool uses_kernel_ = false;
    std::string sql_{};                 ///< in SQLite's words; of rows
    std::vector<std::string> lines_{};  ///< of explain
    std::shared_ptr<const Direct> direct_{};  ///< of rows, where SQLite is not needed
};

/// Pure: no I/O. Errors: as Engine::prepare.
Outcome<std::shared_ptr<const Statement>> understand(const std::string& sql,
                                                     std::vector<Type> declared,
                                                     const Session& session,
                                                     const EngineLimits& limits);
/// As Engine::split. Pure.
Outcome<std::vector<Engine::Piece>> split_statements(const std::string& sql,
                                                     const EngineLimits& limits);

}  // namespace lineshaft::query
