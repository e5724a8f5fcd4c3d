# protobuf, generated from our own schema: the judge of the hand-written reader, in tests and
# benchmarks only.
add_library(wire_remote_write_oracle INTERFACE)
if(LINESHAFT_FUZZ)
  return()
endif()
find_package(Protobuf REQUIRED)
set(schema ${CMAKE_CURRENT_LIST_DIR}/remote.proto)
set(generated ${CMAKE_CURRENT_BINARY_DIR}/oracle)
file(MAKE_DIRECTORY ${generated})
add_custom_command(OUTPUT ${generated}/remote.pb.cc ${generated}/remote.pb.h
  COMMAND protobuf::protoc --proto_path=${CMAKE_CURRENT_LIST_DIR} --cpp_out=${generated} ${schema}
  DEPENDS ${schema} VERBATIM)
add_library(wire_remote_write_protobuf STATIC EXCLUDE_FROM_ALL ${generated}/remote.pb.cc)
target_include_directories(wire_remote_write_protobuf SYSTEM PUBLIC ${generated})
target_link_libraries(wire_remote_write_protobuf PUBLIC protobuf::libprotobuf)
target_link_libraries(wire_remote_write_oracle INTERFACE wire_remote_write_protobuf)
if(TARGET wire_remote_write_bench)
  target_link_libraries(wire_remote_write_bench PRIVATE wire_remote_write_oracle)
endif()
