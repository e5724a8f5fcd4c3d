// The description is whole: every route, every parameter, every example, and nothing unused.
#include "api/openapi.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <algorithm>
#include <set>

#include "api/openapi_parts.h"
#include "trust/rights.h"

namespace lineshaft::api {
namespace {

namespace json = boost::json;

const json::object& document() {
    static const json::value parsed = json::parse(openapi_document());
    return parsed.as_object();
}

const json::value& follow(const json::value& schema) {
    const auto* reference = schema.as_object().if_contains("$ref");
    if (reference == nullptr) return schema;
    std::string pointer(reference->as_string());
    static const json::value whole = json::parse(openapi_document());
    return whole.at_pointer(pointer.substr(1));
}

bool is_type(const json::value& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    if (type == "number") return value.is_number();
    if (type == "null") return value.is_null();
    return false;
}

bool has_one_of_types(const json::value& value, const json::value& types) {
    if (types.is_string()) return is_type(value, types.as_string());
    return std::ranges::any_of(types.as_array(),
                               [&](const auto& one) { return is_type(value, one.as_string()); });
}

// The part of JSON Schema that our schemas use. Empty: valid; else where and why not.
std::string complaint(const json::value& value, const json::value& given,
                      const std::string& where) {
    const auto& schema = follow(given).as_object();
    if (const auto* types = schema.if_contains("type"); types && !has_one_of_types(value, *types)) {
        return where + " is not " + json::serialize(*types);
    }
    if (const auto* words = schema.if_contains("enum")) {
        const auto& all = words->as_array();
        if (std::ranges::find(all, value) == all.end())
            return where + " is not in " + json::serialize(all);
    }
    if (value.is_array() && schema.contains("items")) {
        for (const auto& item : value.as_array()) {
            if (auto why = complaint(item, schema.at("items"), where + "[]"); !why.empty())
                return why;
        }
    }
    if (!value.is_object()) return {};
    if (const auto* required = schema.if_contains("required")) {
        for (const auto& name : required->as_array()) {
            if (!value.as_object().contains(name.as_string()))
                return where + " lacks " + json::serialize(name);
        }
    }
    const auto* properties = schema.if_contains("properties");
    for (const auto& [name, member] : value.as_object()) {
        const auto* known = properties ? properties->as_object().if_contains(name) : nullptr;
        const auto* others = schema.if_contains("additionalProperties");
        if (known == nullptr && others != nullptr && others->is_object()) known = others;
        // Ours list every member, so that an example cannot show what the schema does not know.
        if (known == nullptr) return where + " has an unknown member " + std::string(name);
        if (auto why = complaint(member, *known, where + "." + std::string(name)); !why.empty())
            return why;
    }
    return {};
}

template <class Work>
void each_operation(Work work) {
    for (const auto& [path, methods] : document().at("paths").as_object()) {
        for (const auto& [method, operation] : methods.as_object()) {
            work(std::string(method) + " " + std::string(path), operation.as_object());
        }
    }
}

void collect_references(const json::value& value, std::set<std::string>& into) {
    if (value.is_array()) {
        for (const auto& item : value.as_array()) collect_references(item, into);
    } else if (value.is_object()) {
        for (const auto& [name, member] : value.as_object()) {
            if (name == "$ref")
                into.insert(std::string(member.as_string()));
            else
                collect_references(member, into);
        }
    }
}

TEST(OpenApi, HasEveryRouteOnce) {
    EXPECT_EQ(document().at("openapi"), "3.1.0");
    std::set<std::string> ids;
    std::size_t count = 0;
    each_operation([&](const std::string& name, const json::object& operation) {
        ++count;
        EXPECT_TRUE(ids.insert(std::string(operation.at("operationId").as_string())).second)
            << name;
        EXPECT_FALSE(operation.at("summary").as_string().empty()) << name;
    });
    EXPECT_EQ(count, trust::routes().size());
    EXPECT_EQ(operations().size(), trust::routes().size());
}

TEST(OpenApi, SaysWhoMay) {
    for (const auto& route : trust::routes()) {
        std::string method(route.method);
        for (char& letter : method) letter = static_cast<char>(std::tolower(letter));
        const auto& operation = document().at("paths").at(route.pattern).at(method).as_object();
        const bool is_open = route.right == trust::Right::open;
        EXPECT_EQ(operation.contains("security"), is_open) << route.pattern;
        EXPECT_EQ(operation.contains("x-right"), !is_open) << route.pattern;
    }
    const auto& schemes = document().at("components").at("securitySchemes").as_object();
    EXPECT_TRUE(schemes.contains("bearer"));
    EXPECT_TRUE(schemes.contains("cookie"));
}

TEST(OpenApi, DeclaresPathParameters) {
    each_operation([](const std::string& name, const json::object& operation) {
        std::set<std::string> declared;
        if (const auto* parameters = operation.if_contains("parameters")) {
            for (const auto& given : parameters->as_array()) {
                const auto& one = follow(given).as_object();
                if (one.at("in") == "path")
                    declared.insert(std::string(one.at("name").as_string()));
            }
        }
        EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(name, '{')), declared.size()) << name;
        for (const auto& part : declared) EXPECT_TRUE(name.contains("{" + part + "}")) << name;
    });
}

TEST(OpenApi, EveryExampleIsValid) {
    std::size_t examples = 0;
    each_operation([&](const std::string& name, const json::object& operation) {
        std::vector<const json::value*> contents;
        if (const auto* body = operation.if_contains("requestBody"))
            contents.push_back(&body->at("content"));
        for (const auto& [status, answer] : operation.at("responses").as_object()) {
            if (status == "default") continue;
            const auto* content = answer.as_object().if_contains("content");
            if (content != nullptr)
                contents.push_back(content);
            else
                EXPECT_EQ(status, "204") << name;
        }
        for (const auto* content : contents) {
            for (const auto& [type, media] : content->as_object()) {
                EXPECT_EQ(complaint(media.at("example"), media.at("schema"), "example"), "")
                    << name;
                ++examples;
            }
        }
    });
    EXPECT_GT(examples, trust::routes().size());
}

TEST(OpenApi, TheValidatorSeesMistakes) {
    const auto reference = json::value{{"$ref", "#/components/schemas/Sent"}};
    EXPECT_EQ(complaint(json::value{{"sent_at", "2026"}, {"topic", "t"}}, reference, "x"), "");
    EXPECT_NE(complaint(json::value{{"sent_at", "2026"}}, reference, "x"), "");
    EXPECT_NE(complaint(json::value{{"sent_at", 1}, {"topic", "t"}}, reference, "x"), "");
    EXPECT_NE(
        complaint(json::value{{"sent_at", "2026"}, {"topic", "t"}, {"more", 1}}, reference, "x"),
        "");
    EXPECT_NE(complaint("fine", json::value{{"$ref", "#/components/schemas/Quality"}}, "x"), "");
}

TEST(OpenApi, NothingIsUnusedAndEveryReferenceLeadsSomewhere) {
    std::set<std::string> used;
    collect_references(document(), used);
    std::set<std::string> there;
    for (const auto* kind : {"schemas", "parameters", "responses"}) {
        for (const auto& one : document().at("components").at(kind).as_object()) {
            there.insert("#/components/" + std::string(kind) + "/" + std::string(one.key()));
        }
    }
    EXPECT_EQ(used, there);
}

}  // namespace
}  // namespace lineshaft::api
