# What a device may need, for build systems of embedded platforms: core, protocols,
# transports, BearSSL's provider.  By pattern, as new protocols come with new files;
# tests/embed/run.sh counts what was compiled.  What nobody names is not linked.
get_filename_component(IMPRINT_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
file(GLOB IMPRINT_SOURCES ${IMPRINT_ROOT}/abi/check.c ${IMPRINT_ROOT}/core/*.c
  ${IMPRINT_ROOT}/plugins/transport/*.c ${IMPRINT_ROOT}/plugins/protocol/*/*.c
  ${IMPRINT_ROOT}/plugins/crypto/bearssl*.c ${IMPRINT_ROOT}/plugins/crypto/modn.c)
set(IMPRINT_INCLUDES ${IMPRINT_ROOT}/abi ${IMPRINT_ROOT}/plugins/crypto ${IMPRINT_ROOT}/plugins/transport)
file(GLOB manifests ${IMPRINT_ROOT}/plugins/protocol/*/plugin.c)
foreach(m ${manifests})
  get_filename_component(d ${m} DIRECTORY)
  list(APPEND IMPRINT_INCLUDES ${d})
endforeach()
set(IMPRINT_PRIVATE_INCLUDES ${IMPRINT_ROOT}/core ${IMPRINT_ROOT}/plugins)
