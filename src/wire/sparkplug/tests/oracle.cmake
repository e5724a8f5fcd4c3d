# protobuf, generated from our own schema: the judge of the hand-written codec, in tests and
# benchmarks only.
add_library(wire_sparkplug_oracle INTERFACE)
if(LINESHAFT_FUZZ)
  return()
endif()
find_package(Protobuf REQUIRED)
set(schema ${CMAKE_CURRENT_LIST_DIR}/sparkplug_b.proto)
set(generated ${CMAKE_CURRENT_BINARY_DIR}/oracle)
file(MAKE_DIRECTORY ${generated})
add_custom_command(OUTPUT ${generated}/sparkplug_b.pb.cc ${generated}/sparkplug_b.pb.h
  COMMAND protobuf::protoc --proto_path=${CMAKE_CURRENT_LIST_DIR} --cpp_out=${generated} ${schema}
  DEPENDS ${schema} VERBATIM)
add_library(wire_sparkplug_protobuf STATIC EXCLUDE_FROM_ALL ${generated}/sparkplug_b.pb.cc)
target_include_directories(wire_sparkplug_protobuf SYSTEM PUBLIC ${generated})
target_link_libraries(wire_sparkplug_protobuf PUBLIC protobuf::libprotobuf)
target_link_libraries(wire_sparkplug_oracle INTERFACE wire_sparkplug_protobuf)
target_compile_definitions(wire_sparkplug_oracle INTERFACE
  LINESHAFT_PROJECT_DIR="${PROJECT_SOURCE_DIR}")
if(TARGET wire_sparkplug_bench)
  target_link_libraries(wire_sparkplug_bench PRIVATE wire_sparkplug_oracle)
endif()
