#pragma once
#include <optional>

#include "stitch/router.h"
#include "stitch/sewer.h"
#include "stitch/spine.h"

namespace lineshaft::stitch {

/// A column of satin: two rails, rib by rib.
struct Column {
    Line middle, left, right;  ///< of one length
    bool is_closed = false;
    double width_mean = 0, width_max = 0;
    Spine::End begin, end;  ///< of which column, at which rib
};

/// A shape as columns, and what of it they leave uncovered.
struct Columns {
    std::vector<Column> columns;
    std::vector<Shape> rest;  ///< worth sewing
    double rest_area = 0;
};

/// nothing: the shape is not made of strokes, or they are wider than satin may be.
/// A letter is taken for strokes more readily than what may as well be an area.
std::optional<Columns> columns_of(const Shape& shape, const Settings& settings, bool is_letter);

/// Sews all columns of a shape in as few goes as they allow: along each stroke out with underlay,
/// into its side strokes on the way, and back with satin.
void sew_columns(Sewer& sewer, const Columns& columns, const Router& router,
                 const Settings& settings, Place next);

}  // namespace lineshaft::stitch
