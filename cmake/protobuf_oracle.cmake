# lineshaft_protobuf_oracle(wire_sparkplug sparkplug_b)
# protobuf, generated from our own tests/SCHEMA.proto: the judge of a hand-written codec, in its tests
# and benchmarks only, which link MODULE_oracle.
function(lineshaft_protobuf_oracle module schema)
  add_library(${module}_oracle INTERFACE)
  if(LINESHAFT_FUZZ)
    return()
  endif()
  find_package(Protobuf REQUIRED)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/tests/${schema}.proto)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/oracle)
  file(MAKE_DIRECTORY ${generated})
  add_custom_command(OUTPUT ${generated}/${schema}.pb.cc ${generated}/${schema}.pb.h
    COMMAND protobuf::protoc --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/tests --cpp_out=${generated} ${source}
    DEPENDS ${source} VERBATIM)
  add_library(${module}_protobuf STATIC EXCLUDE_FROM_ALL ${generated}/${schema}.pb.cc)
  target_include_directories(${module}_protobuf SYSTEM PUBLIC ${generated})
  target_link_libraries(${module}_protobuf PUBLIC protobuf::libprotobuf)
  target_link_libraries(${module}_oracle INTERFACE ${module}_protobuf)
  if(TARGET ${module}_bench)
    target_link_libraries(${module}_bench PRIVATE ${module}_oracle)
  endif()
endfunction()
